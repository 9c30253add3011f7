import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { AnnouncementDetail, AnnouncementView, WaitingListSchema } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { COMMUNE, ELSEWHERE, HAMLETS, startController, type Who } from './support.ts';

type Approvals = Static<typeof WaitingListSchema>;

it('tells who approves that the same words or sound were refused before, by whom, when and why, and bars nothing', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  await controller.speaker('loa-1', HAMLETS[0]);
  const audio = async () => {
    const file = medium({ durationMs: 60_000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(file));
    return file.sha256;
  };
  const write = async (text: string | null, mediaSha256: string, over: object = {}, who: Who = 'editor') => {
    const wanted = { areaId: COMMUNE, title: 'Thu phí', text, mediaSha256, ...over };
    const { body } = await controller.post<AnnouncementView>(who, 'announcements', wanted);
    await controller.post(who, `announcements/${body.id}/submit`, {});
    return body;
  };
  const say = async (who: Who, verb: string, id: string, body: object = {}) =>
    (await controller.post(who, `announcements/${id}/${verb}`, body)).status;
  const known = async (who: Who, id: string) =>
    (await controller.get<AnnouncementDetail>(who, `announcements/${id}`)).body.refusedBefore;
  const [first, second] = [await audio(), await audio()];
  const refused = await write('Mời bà con nộp phí: 50.000 đồng.', first);
  const own = { areas: [HAMLETS[0]], reason: 'sai số tiền' };
  expect(await say('ap-1 chairman', 'reject', refused.id, own)).toBe(200);
  expect(await say('chairman', 'reject', refused.id, { reason: 'chưa có quyết định' })).toBe(200);
  // Its own refusals stand among its decisions.
  expect(await known('chairman', refused.id)).toEqual([]);
  // What is written there afterwards is something else: the refusal is to what it said then.
  const body = { text: 'Chúc mừng năm mới', mediaSha256: second };
  await controller.call('editor', 'PATCH', `announcements/${refused.id}`, { body });

  const copy = await write('MỜI bà con nộp phí 50.000 đồng!', second, { title: 'Thông báo' });
  const wordsAgain = { announcementId: refused.id, title: 'Thu phí', sameWords: true, sameSound: false };
  const told = [
    {
      ...wordsAgain,
      ...{ areaId: COMMUNE, verdict: 'rejected', by: 'chairman', byName: 'chairman', as: 'chairman' },
      ...{ reason: 'chưa có quyết định', at: expect.any(Number) },
    },
    { ...wordsAgain, areaId: HAMLETS[0], verdict: 'rejected', reason: 'sai số tiền' },
  ];
  expect(await known('chairman', copy.id)).toMatchObject(told);
  // Who answers for one hamlet is told of what was said there and above, and not of the next one.
  expect(await known('ap-2 chairman', copy.id)).toMatchObject(told.slice(0, 1));
  const { body: lists } = await controller.get<Approvals>('chairman', 'approvals');
  const listed = lists.waiting.find(({ announcement }) => announcement.id === copy.id);
  expect(listed?.announcement.refusedBefore).toMatchObject(told);
  // It is a warning: he approves all the same.
  expect(await say('chairman', 'approve', copy.id, { sha256: copy.approvalHash })).toBe(200);

  // The same sound under other words; and neither of them.
  const sound = await write('Chúc mừng', first);
  expect((await known('chairman', sound.id)).map((one) => [one.sameWords, one.sameSound])).toEqual([
    [false, true],
    [false, true],
  ]);
  expect(await known('chairman', (await write(null, await audio())).id)).toEqual([]);
  // A leader's withdrawal is a "no"; the station's own is not.
  expect(await say('editor', 'withdraw', sound.id, { reason: 'gõ nhầm' })).toBe(200);
  expect(await known('chairman', (await write('Chúc mừng', await audio())).id)).toEqual([]);
  expect(await say('chairman', 'withdraw', copy.id, { reason: 'thu sai' })).toBe(200);
  const again = await write('mời bà con nộp phí 50.000 đồng', await audio());
  expect((await known('chairman', again.id)).map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ['withdrawn', 'thu sai'],
    ['rejected', 'chưa có quyết định'],
    ['rejected', 'sai số tiền'],
  ]);
  // What one commune refused is no business of the next.
  const elsewhere = await write(
    'Mời bà con nộp phí 50.000 đồng',
    await audio(),
    { areaId: ELSEWHERE },
    'other editor',
  );
  expect(await known('other chairman', elsewhere.id)).toEqual([]);
});
