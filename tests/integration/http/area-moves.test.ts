import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { AnnouncementView, AreaView, BroadcastView, WaitingListSchema } from '#protocols';
import {
  COMMUNE,
  ELSEWHERE,
  HAMLETS,
  type Problem,
  startController,
  type TestController,
  type Who,
} from './support.ts';

const [FIRST, SECOND] = HAMLETS;

async function areaOf(controller: TestController, id: string): Promise<string> {
  return (await controller.call<{ areaId: string }>('technician', 'GET', `speakers/${id}`)).body.areaId;
}

/** Tokens of the other commune reach the hamlet too: whoever merges two communes is above both. */
function merge(controller: TestController, id: string, into: string) {
  return controller.post<AreaView & Problem>('administrator', `areas/${id}/merge`, { into });
}

it('merges a hamlet into another: loudspeakers, rights and schedules follow, and what was aired stays as it was', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', FIRST);
  await controller.speaker('loa-2', SECOND);
  await controller.post('administrator', 'areas', { id: 'to-3', parentId: FIRST, kind: 'tổ', name: '3' });
  await controller.speaker('loa-3', 'to-3');
  const announcement = await controller.approved();
  const aired = await controller.post<BroadcastView>('editor', 'broadcasts', {
    announcementId: announcement.id,
    targets: { areas: [FIRST] },
  });
  expect(aired.status).toBeLessThan(300);
  const schedule = await controller.post<{ schedule?: { id: string }; id?: string }>('editor', 'schedules', {
    areaId: FIRST,
    title: 'Thể dục sáng',
    content: { kind: 'announcement', announcementId: announcement.id },
    targets: { areas: [FIRST] },
    recurrence: { kind: 'weekly', days: [1, 2, 3, 4, 5], times: ['06:00'] },
  });
  const before = await controller.call<{ targets: number }>(
    'viewer',
    'GET',
    `broadcasts/${aired.body.id}/coverage`,
  );
  const { credentials } = controller.context.speakerSide;
  expect(credentials.areasOf('loa-1')).toEqual([COMMUNE, FIRST]);

  const merged = await merge(controller, FIRST, SECOND);
  expect(merged.body).toMatchObject({ id: FIRST, parentId: SECOND, mergedInto: SECOND });
  expect(merged.body.retiredAt).not.toBeNull();
  expect([await areaOf(controller, 'loa-1'), await areaOf(controller, 'loa-3')]).toEqual([SECOND, 'to-3']);
  // The broker: what the loudspeaker may hear follows at once or within a turn.
  await expect.poll(() => credentials.areasOf('loa-1')).toEqual([COMMUNE, SECOND]);
  await expect.poll(() => credentials.areasOf('loa-3')).toEqual([COMMUNE, SECOND, 'to-3']);

  const after = await controller.call<{ targets: number }>(
    'viewer',
    'GET',
    `broadcasts/${aired.body.id}/coverage`,
  );
  expect(after.body).toEqual(before.body);
  const broadcast = await controller.call<{ broadcast: BroadcastView }>(
    'viewer',
    'GET',
    `broadcasts/${aired.body.id}`,
  );
  expect(broadcast.body).toMatchObject({
    broadcast: { id: aired.body.id, areaId: aired.body.areaId, targets: { areas: [FIRST] } },
  });
  const names = await controller.context.storage.read.areas.names(FIRST);
  expect(names.map(({ parentId }) => parentId)).toEqual([COMMUNE, SECOND]);

  expect(schedule.status).toBe(201);
  const [stored] = await controller.context.storage.read.schedules.active();
  // What it reached it goes on reaching, and loa-2 is not woken at six.
  expect(stored).toMatchObject({ areaId: SECOND, targets: { areas: ['to-3'], speakers: ['loa-1'] } });
  // Nothing new is entered in what is no more.
  const late = await controller.post<Problem>('technician', 'speakers', {
    id: 'loa-9',
    areaId: FIRST,
    name: 'x',
  });
  expect(late.body.error.code).toBe('area.retired');
});

it('moves an area only for who is above both places, and never into itself', async () => {
  const controller = await startController();
  const move = (who: Parameters<TestController['post']>[0], id: string, parentId: string) =>
    controller.post<AreaView & Problem>(who, `areas/${id}/move`, { parentId });
  expect((await move('administrator', FIRST, ELSEWHERE)).status).toBe(403);
  expect((await move('other administrator', FIRST, ELSEWHERE)).status).toBe(403);
  expect((await move('technician', FIRST, SECOND)).status).toBe(403);
  expect((await merge(controller, FIRST, ELSEWHERE)).status).toBe(403);
  await controller.post('administrator', 'areas', { id: 'to-3', parentId: FIRST, kind: 'tổ', name: '3' });
  expect((await move('administrator', FIRST, 'to-3')).body.error.code).toBe('request.conflict');
  expect((await move('administrator', FIRST, FIRST)).body.error.code).toBe('request.conflict');
  await controller.speaker('loa-3', 'to-3');
  expect((await move('administrator', 'to-3', SECOND)).body).toMatchObject({
    parentId: SECOND,
    mergedInto: null,
  });
  const { credentials } = controller.context.speakerSide;
  await expect.poll(() => credentials.areasOf('loa-3')).toEqual([COMMUNE, SECOND, 'to-3']);
});

it('asks who answers for the area that took another one in, about what was meant for that', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', FIRST);
  await controller.speaker('loa-2', SECOND);
  const { sha256: mediaSha256 } = await controller.approved();
  const written = async (title: string) => {
    const wanted = { areaId: FIRST, title, mediaSha256 };
    const { body } = await controller.post<AnnouncementView>('editor', 'announcements', wanted);
    await controller.post('editor', `announcements/${body.id}/submit`, {});
    return body;
  };
  const approve = async (who: Who, { id, approvalHash: sha256 }: AnnouncementView) =>
    (await controller.post<AnnouncementView>(who, `announcements/${id}/approve`, { sha256 })).body;
  const [asked, approved] = [await written('Chưa duyệt'), await written('Đã duyệt')];
  await approve('ap-1 chairman', approved);
  expect((await merge(controller, FIRST, SECOND)).status).toBe(200);
  const waiting = async () => {
    const { body } = await controller.get<Static<typeof WaitingListSchema>>(
      'ap-2 chairman',
      `approvals?area=${SECOND}`,
    );
    return body.waiting.map(({ announcement, areas }) => [
      announcement.id,
      areas.map(({ areaId }) => areaId),
    ]);
  };
  await expect.poll(waiting).toEqual([
    [asked.id, [SECOND]],
    [approved.id, [SECOND]],
  ]);
  for (const one of [asked, approved])
    expect(await approve('ap-2 chairman', one)).toMatchObject({ state: 'approved', missing: [] });
  expect(await waiting()).toEqual([]);
});

it('keeps a stop: an area that is stopped is not merged away', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', FIRST);
  await controller.speaker('loa-2', SECOND);
  const latch = await controller.post<{ id: string }>('chairman', 'latches', {
    scope: { kind: 'area', id: FIRST },
    reason: 'đám tang',
  });
  expect((await merge(controller, FIRST, SECOND)).body.error.code).toBe('request.conflict');
  await controller.post('chairman', `latches/${latch.body.id}/release`, { reason: 'xong' });
  expect((await merge(controller, FIRST, SECOND)).status).toBe(200);
});

it('dissolves an area only when nothing is left in it', async () => {
  const controller = await startController();
  const retire = (id: string) =>
    controller.post<AreaView & Problem>('administrator', `areas/${id}/retire`, {});
  await controller.speaker('loa-1', FIRST);
  expect((await retire(COMMUNE)).body.error.code).toBe('request.conflict');
  expect((await retire(FIRST)).body.error.code).toBe('request.conflict');
  const gone = await retire(SECOND);
  expect([gone.status, gone.body.mergedInto]).toEqual([200, null]);
  expect((await retire(SECOND)).body.error.code).toBe('area.retired');
  expect((await merge(controller, FIRST, SECOND)).body.error.code).toBe('area.retired');
});
