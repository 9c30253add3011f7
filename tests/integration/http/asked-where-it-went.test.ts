import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { AnnouncementView, AreaView, WaitingListSchema } from '#protocols';
import { daily, startMonday } from './schedule-support.ts';
import { ELSEWHERE, HAMLETS, type TestController, type Who } from './support.ts';

const [FIRST, SECOND] = HAMLETS;
const QUARTERS = ['to-1', 'to-2'] as const;
const LIMIT = { timeout: 90_000 };

/** What waits for somebody, and where. */
async function waiting(controller: TestController, who: Who) {
  const { body } = await controller.get<Static<typeof WaitingListSchema>>(who, 'approvals');
  return new Map(
    body.waiting.map(({ announcement, areas }) => [
      announcement.id,
      areas.map(({ areaId }) => areaId).sort(),
    ]),
  );
}

const read = async (controller: TestController, id: string) =>
  (await controller.get<AnnouncementView>('province editor', `announcements/${id}`)).body;

async function approve(controller: TestController, who: Who, id: string, areas?: readonly string[]) {
  const { approvalHash: sha256 } = await read(controller, id);
  const body = areas === undefined ? { sha256 } : { sha256, areas };
  return (await controller.post<AnnouncementView>(who, `announcements/${id}/approve`, body)).status;
}

const shift = async (controller: TestController, area: string, verb: 'move' | 'merge', body: object) => {
  const { status } = await controller.post<AreaView>('province administrator', `areas/${area}/${verb}`, body);
  expect(status).toBe(200);
};

it(
  'a hamlet that goes to another commune takes along what was approved above it: there it waits',
  LIMIT,
  async () => {
    const { controller, scheduling } = await startMonday();
    await controller.speaker('loa-1', FIRST);
    // Approved by the commune, by the hamlet's own leader, and by nobody yet.
    const above = await scheduling.announcement(60, { areaId: FIRST });
    const [own, open] = [
      await scheduling.announcement(50, { areaId: FIRST }, false),
      await scheduling.announcement(40, { areaId: FIRST }, false),
    ];
    for (const id of [own, open]) await controller.post('editor', `announcements/${id}/submit`, {});
    expect(await approve(controller, 'ap-1 chairman', own)).toBe(200);
    expect(await read(controller, above)).toMatchObject({ state: 'approved', forAreas: [], missing: [] });

    await shift(controller, FIRST, 'move', { parentId: ELSEWHERE });
    const all = [
      [open, [FIRST]],
      [above, [FIRST]],
    ].sort();
    for (const who of ['other chairman', 'ap-1 chairman'] as const)
      expect([...(await waiting(controller, who))].sort()).toEqual(all);
    expect(await waiting(controller, 'chairman')).toEqual(new Map());
    expect((await read(controller, above)).missing).toMatchObject([{ areaId: FIRST }]);
    expect((await read(controller, own)).missing).toEqual([]);
    const log = await scheduling.audited('area.move');
    expect(JSON.parse(log[0]?.detail ?? '{}')).toMatchObject({ noes: 0, asked: 1 });

    expect(await approve(controller, 'other chairman', above)).toBe(200);
    expect(await read(controller, above)).toMatchObject({ state: 'approved', missing: [] });
    expect([...(await waiting(controller, 'ap-1 chairman')).keys()]).toEqual([open]);
  },
);

it('a "no" that goes along with what it was for waits where that went', LIMIT, async () => {
  const { controller, scheduling } = await startMonday();
  const [quarter] = QUARTERS;
  await controller.post('administrator', 'areas', { id: quarter, parentId: FIRST, kind: 'tổ', name: '1' });
  await controller.speaker('loa-1', quarter);
  const id = await scheduling.announcement(60, { areaId: quarter });
  const back = { areas: [FIRST], reason: 'x' };
  expect((await controller.post('ap-1 chairman', `announcements/${id}/withdraw`, back)).status).toBe(200);
  expect(await read(controller, id)).toMatchObject({ state: 'approved', forAreas: [] });
  await shift(controller, quarter, 'move', { parentId: SECOND });
  expect((await read(controller, id)).decisions).toContainEqual(
    expect.objectContaining({ areaId: quarter, verdict: 'withdrawn', carried: true }),
  );
  expect(await waiting(controller, 'ap-2 chairman')).toEqual(new Map([[id, [quarter]]]));
});

it('what was meant for a hamlet of quarters alone is asked where the hamlet went', LIMIT, async () => {
  const { controller, scheduling } = await startMonday();
  for (const id of QUARTERS)
    await controller.post('administrator', 'areas', { id, parentId: FIRST, kind: 'tổ', name: id });
  // No loudspeaker stands right in the hamlet.
  await controller.speaker('loa-1', QUARTERS[0]);
  await controller.speaker('loa-2', SECOND);
  const made: string[] = [];
  for (const seconds of [50, 40, 30]) {
    const id = await scheduling.announcement(seconds, { areaId: FIRST }, false);
    await controller.post('editor', `announcements/${id}/submit`, {});
    await scheduling.create('editor', {
      ...scheduling.wanted(id, daily(`05:${seconds}`)),
      ...{ areaId: FIRST, targets: { areas: [FIRST] } },
    });
    made.push(id);
  }
  const [open = '', no = '', ok = ''] = made;
  await controller.post('ap-1 chairman', `announcements/${no}/reject`, { reason: 'x' });
  expect((await controller.post('editor', `announcements/${no}/submit`, {})).status).toBe(200);
  expect(await approve(controller, 'ap-1 chairman', ok)).toBe(200);

  await shift(controller, FIRST, 'merge', { into: SECOND });
  for (const who of ['chairman', 'ap-2 chairman'] as const) {
    const asked = await waiting(controller, who);
    expect([...asked.keys()].sort(), who).toEqual([...made].sort());
  }
  for (const id of made) expect(await approve(controller, 'ap-2 chairman', id)).toBe(200);
  for (const id of [open, ok])
    expect(await read(controller, id)).toMatchObject({ state: 'approved', missing: [] });
  // The "no" that was said to the quarters is answered by their names alone.
  expect(await waiting(controller, 'ap-2 chairman')).toEqual(new Map([[no, [...QUARTERS]]]));
  expect(await approve(controller, 'ap-2 chairman', no, QUARTERS)).toBe(200);
  expect((await read(controller, no)).missing).toEqual([]);
  expect(await waiting(controller, 'ap-2 chairman')).toEqual(new Map());
});
