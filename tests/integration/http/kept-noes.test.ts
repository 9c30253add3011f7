import { expect, it } from 'vitest';
import type { AnnouncementView, EmergencyOutcome, ScheduleView } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Problem, type TestController, type Who } from './support.ts';

const LIMIT = { timeout: 90_000 };

const say = async (
  controller: TestController,
  who: Who,
  verb: 'submit' | 'approve' | 'reject' | 'withdraw',
  id: string,
  body: object = {},
) => (await controller.post<AnnouncementView & Problem>(who, `announcements/${id}/${verb}`, body)).body;

const edit = async (controller: TestController, id: string, body: object) =>
  (await controller.call<AnnouncementView>('editor', 'PATCH', `announcements/${id}`, { body })).body;

/** A series that a leave covers, and what of its one announcement is planned where. */
async function covered(contentOf = (id: string): object => ({ kind: 'announcement', announcementId: id })) {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  await controller.speaker('loa-2', 'ap-2');
  const id = await scheduling.announcement(60, { title: 'Tin sáng' });
  const wanted = { ...scheduling.wanted(id, daily('05:40')), content: contentOf(id) };
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  const leave = { maxMinutes: 5, expiresAt: vietnam(20, '00:00') };
  await controller.post('chairman', `schedules/${schedule.id}/standing-approval`, leave);
  await say(controller, 'chairman', 'withdraw', id, { areas: ['ap-2'], reason: 'không phải việc của ấp' });
  await edit(controller, id, { title: 'Tin sáng thứ hai' });
  const { compiler, slots } = controller.context.planSide;
  const planned = async () => {
    await compiler.compiled();
    const found = slots
      .between(clock.now(), vietnam(1, '00:00'))
      .filter(({ announcementId }) => announcementId === id)
      .map(
        ({ line }) => (JSON.parse(line) as { targets: { areas: string[]; excludeAreas: string[] } }).targets,
      );
    return found.map(({ areas, excludeAreas }) => [...areas, ...excludeAreas.map((one) => `-${one}`)]);
  };
  const inTime = (what: string, wish: unknown) =>
    until(what, async () => {
      await clock.advance(200);
      return JSON.stringify(await planned()) === JSON.stringify(wish);
    });
  return { clock, controller, scheduling, id, schedule, inTime };
}

it(
  'a leave for a series does not bring back what was sent back, handed in again as it was or changed',
  LIMIT,
  async () => {
    const { controller, id, inTime } = await covered();
    // Withdrawn in one hamlet, then edited and handed in: the leave carries it everywhere else.
    await say(controller, 'editor', 'submit', id);
    await inTime('the series without the hamlet', [[COMMUNE, '-ap-2']]);
    expect(await say(controller, 'chairman', 'reject', id, { reason: 'sai tên' })).toMatchObject({
      state: 'rejected',
    });
    await inTime('the plan without it', []);
    const again = await say(controller, 'editor', 'submit', id);
    expect(again).toMatchObject({ state: 'submitted', rejectedReason: null });
    expect(again.decisions).toMatchObject([
      { areaId: 'ap-2', verdict: 'withdrawn', carried: true },
      { areaId: COMMUNE, verdict: 'rejected', by: 'chairman', reason: 'sai tên', carried: true },
    ]);
    await edit(controller, id, { title: 'Tin sáng đã sửa' });
    const changed = await say(controller, 'editor', 'submit', id);
    await inTime('still without it', []);

    // It waits for who said no, and not for the leave.
    const waiting = async (who: Who) => {
      const { body } = await controller.get<{
        waiting: { announcement: { id: string }; areas: { areaId: string }[] }[];
      }>(who, `approvals?area=${who.startsWith('ap-') ? who.split(' ')[0] : COMMUNE}`);
      return body.waiting
        .filter((one) => one.announcement.id === id)
        .flatMap(({ areas }) => areas.map((one) => one.areaId));
    };
    expect([
      await waiting('chairman'),
      await waiting('ap-1 chairman'),
      await waiting('ap-2 chairman'),
    ]).toEqual([[COMMUNE], ['ap-1'], ['ap-2']]);
    // The hamlet's own yes does not open what the commune's leader closed.
    const hamlet = await say(controller, 'ap-1 chairman', 'approve', id, { sha256: changed.approvalHash });
    expect(hamlet.state).toBe('submitted');
    expect([await waiting('chairman'), await waiting('ap-1 chairman')]).toEqual([[COMMUNE], []]);
    await inTime('nothing by the hamlet’s word', []);
    const yes = await say(controller, 'chairman', 'approve', id, { sha256: changed.approvalHash });
    expect(yes.state).toBe('approved');
    await inTime('what was approved, but where it was withdrawn', [[COMMUNE, '-ap-2']]);
    expect([await waiting('chairman'), await waiting('ap-2 chairman')]).toEqual([['ap-2'], ['ap-2']]);
    await say(controller, 'chairman', 'approve', id, { sha256: changed.approvalHash, areas: ['ap-2'] });
    await inTime('all of it', [[COMMUNE]]);
    expect([await waiting('chairman'), await waiting('ap-2 chairman')]).toEqual([[], []]);

    // That yes was to these bytes: what is changed after it needs the next one.
    await edit(controller, id, { title: 'Tin sáng như trước' });
    const back = await say(controller, 'editor', 'submit', id);
    expect(back.decisions.map(({ areaId, verdict, carried }) => [areaId, verdict, carried])).toEqual([
      [COMMUNE, 'rejected', true],
      ['ap-2', 'withdrawn', true],
    ]);
    await inTime('nothing by the leave', []);
  },
);

it('neither does one for a programme, as a fallback, or as a make-good', LIMIT, async () => {
  const { controller, id, inTime, clock, schedule } = await covered();
  await say(controller, 'editor', 'submit', id);
  await inTime('the series', [[COMMUNE, '-ap-2']]);
  // It airs by the leave, one loudspeaker says nothing of it, and then it is sent back and handed in again.
  await clock.advance(vietnam(0, '05:30') - clock.now());
  const { slots } = controller.context.planSide;
  const [slot] = slots.between(clock.now(), vietnam(1, '00:00'));
  const broadcastId = slot?.broadcastId ?? '';
  await until('its broadcast', async () => {
    await clock.advance(200);
    return typeof slots.get(broadcastId)?.issuedAt === 'number';
  });
  await clock.advance(vietnam(0, '07:00') - clock.now());
  await say(controller, 'chairman', 'reject', id, { reason: 'sai' });
  await say(controller, 'editor', 'submit', id);
  const good = await controller.post<Problem>('editor', `broadcasts/${broadcastId}/make-good`, {});
  expect([good.status, good.body.error.code]).toEqual([409, 'make_good.not_covered']);
  // In a programme of the same series, and as what sounds in place of another one.
  const items = [{ announcementId: id }];
  const programme = await controller.post<{ id: string }>('editor', 'programmes', {
    ...{ areaId: COMMUNE, title: 'Buổi sáng', items },
  });
  const content = { kind: 'programme', programmeId: programme.body.id };
  const series = await controller.post<ScheduleView>('editor', 'schedules', {
    ...{ areaId: COMMUNE, content, targets: { areas: [COMMUNE] }, recurrence: daily('17:00') },
  });
  const leave = { maxMinutes: 5, expiresAt: vietnam(20, '00:00') };
  const given = await controller.post('chairman', `schedules/${series.body.id}/standing-approval`, leave);
  expect(given.status).toBe(201);
  const draft = await controller.post<AnnouncementView>('editor', 'announcements', {
    areaId: COMMUNE,
    title: 'Nháp',
  });
  await controller.post('editor', 'schedules', {
    ...{ areaId: COMMUNE, content: { kind: 'announcement', announcementId: draft.body.id }, fallbackId: id },
    ...{ targets: { areas: [COMMUNE] }, recurrence: daily('18:00') },
  });
  await inTime('none of them', []);
  expect(schedule.id).not.toBe(series.body.id);
});

it('nor does anybody’s word for an emergency: a leader says yes to it first', LIMIT, async () => {
  const { controller } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const audio = medium({ durationMs: 20_000, bytes: 200_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const { body: urgent } = await controller.post<AnnouncementView>('editor', 'announcements', {
    ...{ areaId: COMMUNE, title: 'Xả lũ', priority: 'emergency', stored: true, mediaSha256: audio.sha256 },
  });
  const { id, approvalHash: sha256 } = urgent;
  const ask = async (who: Who, over: object = {}) => {
    const request = { announcementId: id, sha256, targets: { areas: [COMMUNE] }, ...over };
    return (await controller.post<EmergencyOutcome & Problem>(who, 'emergencies', request)).body;
  };
  const waits = await ask('editor');
  await say(controller, 'editor', 'submit', id);
  await say(controller, 'chairman', 'reject', id, { reason: 'chưa có lệnh' });
  const glass = { breakGlass: { reason: 'không gọi được ai cả' } };
  expect((await ask('editor', glass)).error.code).toBe('announcement.not_approved');
  await say(controller, 'editor', 'submit', id);
  expect((await ask('editor', glass)).error.code).toBe('emergency.refused_there');
  // Nor does it wait for a second person, whose word would not open it.
  expect((await ask('editor')).error).toMatchObject({
    ...{ code: 'emergency.refused_there', params: { id, areas: 'xã Tân An' } },
  });
  expect((await ask('deputy')).error.code).toBe('emergency.refused_there');
  const confirmed = await controller.post<Problem>('deputy', `emergencies/${waits.emergency.id}/confirm`, {
    sha256,
  });
  expect(confirmed.body.error.code).toBe('emergency.refused_there');
  const kept = async () => (await controller.context.services.announcements.storedMessages(COMMUNE)).length;
  expect(await kept()).toBe(0);
  await say(controller, 'chairman', 'approve', id, { sha256 });
  expect(await kept()).toBe(1);
  expect((await ask('editor', glass)).broadcast).toMatchObject({ targetCount: 1 });
  // Another "no", and a change: nobody sends that out either, nor is it kept.
  await say(controller, 'chairman', 'withdraw', id, { areas: ['ap-1'], reason: 'đã qua' });
  expect(await kept()).toBe(0);
  const { approvalHash } = await edit(controller, id, { text: 'Nước rút.' });
  expect((await ask('editor', { ...glass, sha256: approvalHash })).error.code).toBe(
    'emergency.refused_there',
  );
});
