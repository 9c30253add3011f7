import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type {
  AnnouncementView,
  CalendarView,
  GivenListSchema,
  PlayedView,
  PlayOrder,
  ScheduleView,
} from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import {
  COMMUNE,
  ELSEWHERE,
  type Problem,
  startController,
  type TestController,
  type Who,
} from './support.ts';

type Answered = AnnouncementView & Problem;
type GivenList = Static<typeof GivenListSchema>;

const WHOLE = { areas: [COMMUNE] };
const LEADERS = ['ap-1 chairman', 'ap-2 chairman'] as const;

/** Handed in, and for both hamlets. */
async function submitted(controller: TestController, over: object = {}): Promise<Answered> {
  const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const wanted = { areaId: COMMUNE, title: 'Lịch cấp nước', mediaSha256: audio.sha256, ...over };
  const { body } = await controller.post<Answered>('editor', 'announcements', wanted);
  return (await controller.post<Answered>('editor', `announcements/${body.id}/submit`, {})).body;
}

const say = async (
  controller: TestController,
  who: Who,
  verb: 'approve' | 'reject' | 'withdraw',
  { id, approvalHash }: AnnouncementView,
  over: object = {},
): Promise<Answered> => {
  const body = verb === 'approve' ? { sha256: approvalHash } : verb === 'reject' ? { reason: 'sai giờ' } : {};
  return (await controller.post<Answered>(who, `announcements/${id}/${verb}`, { ...body, ...over })).body;
};

const play = async (controller: TestController, announcementId: string, targets: object = WHOLE) =>
  (await controller.post<PlayedView & Problem>('editor', 'broadcasts', { announcementId, targets })).body;

const missing = ({ missing: areas }: AnnouncementView) => areas.map(({ areaId }) => areaId);

it('airs where its leader approved it, and says where not and who is asked', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  await controller.speaker('loa-2', 'ap-2');
  const grants = [{ role: 'chairman', areas: ['ap-2'] }];
  await controller.post('administrator', 'accounts', { name: 'ba-hai', displayName: 'Bà Hai', grants });
  const made = await submitted(controller, { forAreas: ['ap-1', 'ap-2'] });
  expect(missing(made)).toEqual(['ap-1', 'ap-2']);
  const waiting = async (who: Who) => {
    const path = `approvals?area=${who.split(' ')[0]}`;
    const { body } = await controller.get<{ waiting: { areas: { areaId: string }[] }[] }>(who, path);
    return body.waiting.flatMap(({ areas }) => areas.map(({ areaId }) => areaId));
  };
  expect([await waiting(LEADERS[0]), await waiting(LEADERS[1])]).toEqual([['ap-1'], ['ap-2']]);
  expect((await say(controller, 'other chairman', 'approve', made)).error.code).toBe('request.forbidden');
  expect((await say(controller, LEADERS[0], 'approve', made, { areas: ['ap-2'] })).error.code).toBe(
    'request.forbidden',
  );

  const half = await say(controller, LEADERS[0], 'approve', made);
  expect(half).toMatchObject({ state: 'approved', decisions: [{ areaId: 'ap-1', verdict: 'approved' }] });
  expect(half.missing).toEqual([
    {
      ...{ areaId: 'ap-2', name: 'ấp ap-2' },
      approvers: [
        { name: 'ap-2-chairman', displayName: 'ap-2 chairman' },
        { name: 'ba-hai', displayName: 'Bà Hai' },
      ],
    },
  ]);
  expect([await waiting(LEADERS[0]), await waiting(LEADERS[1])]).toEqual([[], ['ap-2']]);
  const aired = await play(controller, made.id);
  expect(aired).toMatchObject({ targetCount: 1, targets: only(['ap-1']), withheld: half.missing });
  expect(aired.clearance).toEqual([{ kind: 'approval', sha256: made.approvalHash }]);
  const { broadcasts } = controller.context.storage.read;
  expect((await broadcasts.orders(aired.id)).map(({ topics }) => topics)).toEqual([
    ['loa/1/area/ap-1/order'],
  ]);
  const refused = (await play(controller, made.id, { areas: ['ap-2'] })).error;
  expect(refused).toMatchObject({ code: 'approval.areas_missing', params: { areas: 'ấp ap-2' } });
  expect((await play(controller, made.id, { speakers: ['loa-2'] })).error.code).toBe(
    'approval.areas_missing',
  );

  expect(missing(await say(controller, LEADERS[1], 'approve', made))).toEqual([]);
  expect(await play(controller, made.id)).toMatchObject({ targetCount: 2, withheld: [] });
  expect((await say(controller, LEADERS[1], 'approve', made)).error.code).toBe('request.conflict');
});

it('stops in the area whose leader takes it back, and goes on in the others', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  await controller.speaker('loa-2', 'ap-2');
  const made = await submitted(controller);
  for (const who of LEADERS) await say(controller, who, 'approve', made);
  const aired = await play(controller, made.id);
  const { broadcasts } = controller.context.storage.read;
  await controller.context.storage.transaction((tx) =>
    tx.broadcasts.transition(aired.id, ['planned', 'issued'], 'on_air'),
  );
  const after = await say(controller, LEADERS[0], 'withdraw', made, { areas: ['ap-1'], reason: 'đã cũ' });
  expect(after.state).toBe('approved');
  const cancels = (await broadcasts.orders(aired.id)).filter(({ kind }) => kind === 'cancel');
  expect(cancels.map(({ topics }) => topics)).toEqual([['loa/1/speaker/loa-1/down/order']]);
  expect((await broadcasts.get(aired.id))?.state).toBe('on_air');
  // A "no" holds against a wider "yes" until that names the very area.
  await say(controller, 'chairman', 'approve', made);
  expect(await play(controller, made.id)).toMatchObject({
    ...{ targetCount: 1, targets: { areas: [COMMUNE], excludeAreas: ['ap-1'] } },
    withheld: [{ areaId: 'ap-1' }],
  });
  await say(controller, 'chairman', 'approve', made, { areas: ['ap-1'] });
  expect(await play(controller, made.id)).toMatchObject({ targetCount: 2, withheld: [] });
  // Nobody else is meant any more: all of it is taken back.
  const one = await play(controller, made.id, { areas: ['ap-2'] });
  await say(controller, 'editor', 'withdraw', made, { areas: ['ap-2'] });
  expect(await broadcasts.get(one.id)).toMatchObject({
    state: 'cancelled',
    cancelReason: 'announcement.withdrawn',
  });
});

it('is listed where it is approved, for who may take it back there', async () => {
  const controller = await startController();
  const given = async (who: Who) => {
    const { body } = await controller.get<GivenList>(who, 'approvals/given');
    return body.given.map(({ announcement, whole, areas }) => [
      announcement.title,
      whole,
      ...areas.map(({ areaId }) => areaId),
    ]);
  };
  const ours = await submitted(controller);
  await say(controller, 'chairman', 'approve', ours);
  expect([await given('editor'), await given('other chairman')]).toEqual([[[ours.title, true, COMMUNE]], []]);
  expect((await controller.get('viewer', 'approvals/given')).status).toBe(403);
  const [hamlet, beside] = LEADERS;
  expect(await given(hamlet)).toEqual([[ours.title, false, 'ap-1']]);
  await say(controller, hamlet, 'withdraw', ours, { areas: ['ap-1'] });
  expect([await given(hamlet), await given(beside)]).toEqual([[], [[ours.title, false, 'ap-2']]]);
  // What another station made is heard here because it is meant for here.
  const wanted = { title: 'Của xã bên', areaId: ELSEWHERE, mediaSha256: ours.mediaSha256 };
  const { body: theirs } = await controller.post<Answered>('province editor', 'announcements', {
    ...{ ...wanted, forAreas: [COMMUNE, ELSEWHERE] },
  });
  await controller.post('province editor', `announcements/${theirs.id}/submit`, {});
  await say(controller, 'province chairman', 'approve', theirs);
  expect(await given('chairman')).toEqual([
    [theirs.title, false, COMMUNE],
    [ours.title, true, COMMUNE],
  ]);
  await say(controller, 'chairman', 'withdraw', theirs, { areas: [COMMUNE] });
  expect(await given('chairman')).toEqual([[ours.title, true, COMMUNE]]);
  expect(await given('other editor')).toEqual([[theirs.title, true, ELSEWHERE]]);
});

it('is sent back as a whole by who answers for all of it, or when everybody said no', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const whole = await submitted(controller);
  const rejected = await say(controller, 'chairman', 'reject', whole);
  expect(rejected).toMatchObject({ state: 'rejected', rejectedReason: 'sai giờ' });
  const made = await submitted(controller, { forAreas: ['ap-1', 'ap-2'] });
  expect((await say(controller, LEADERS[0], 'reject', made)).state).toBe('submitted');
  expect((await say(controller, LEADERS[1], 'reject', made)).state).toBe('rejected');
  const again = await controller.post<Answered>('editor', `announcements/${made.id}/submit`, {});
  expect(again.body).toMatchObject({
    state: 'submitted',
    decisions: ['ap-1', 'ap-2'].map((areaId) => ({ areaId, verdict: 'rejected', carried: true })),
  });
  // One approves, the other says no; when the first takes it back, nothing is left of it.
  await say(controller, LEADERS[0], 'approve', made);
  expect((await say(controller, LEADERS[0], 'reject', made)).error.code).toBe('request.conflict');
  expect((await say(controller, LEADERS[1], 'reject', made)).state).toBe('approved');
  expect((await say(controller, LEADERS[0], 'withdraw', made, { areas: ['ap-1'] })).state).toBe('withdrawn');
  // While somebody has not answered, it is asked for again.
  const open = await submitted(controller);
  await say(controller, LEADERS[0], 'approve', open);
  expect(await say(controller, LEADERS[0], 'withdraw', open, { areas: ['ap-1'] })).toMatchObject({
    ...{ state: 'submitted', approvedSha256: null },
  });
  const { body } = await controller.call<Answered>('editor', 'PATCH', `announcements/${open.id}`, {
    body: { forAreas: ['noi-khac'] },
  });
  expect(body.error.code).toBe('request.forbidden');
});

it('is planned where it is approved, and the calendar says where not', { timeout: 60_000 }, async () => {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  await controller.speaker('loa-2', 'ap-2');
  const made = await submitted(controller);
  const wanted = scheduling.wanted(made.id, daily('05:40'));
  const { body: preview } = await controller.post<{ notApproved: object[] }>(
    'editor',
    'schedules/preview',
    wanted,
  );
  expect(preview.notApproved).toMatchObject([{ announcementId: made.id, areas: [{ areaId: COMMUNE }] }]);
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  const { slots } = controller.context.planSide;
  const planned = async (areas: readonly string[], excluded: readonly string[] = []) => {
    await until(`a plan for ${areas}`, async () => {
      await clock.advance(200);
      const lines = slots
        .between(clock.now(), vietnam(2, '00:00'))
        .map(({ line }) => JSON.parse(line) as PlayOrder);
      const all =
        lines.length === 2 &&
        lines.every(({ targets }) => asked(targets) === asked({ areas, excludeAreas: excluded }));
      return all ? lines : undefined;
    });
  };
  await say(controller, LEADERS[0], 'approve', made);
  await planned(['ap-1']);
  const [today] = await scheduling.occurrences(schedule.id, vietnam(0, '00:00'), vietnam(1, '00:00'));
  expect(today).toMatchObject({
    state: 'planned',
    items: [{ withheld: null, notApproved: [{ areaId: 'ap-2' }] }],
  });
  const view = async (): Promise<CalendarView> =>
    scheduling.calendar(`area=${COMMUNE}`, vietnam(0, '00:00'), vietnam(1, '00:00'));
  const { items, classes } = await view();
  expect(items).toMatchObject([{ notApproved: [{ areaId: 'ap-2' }] }]);
  const heard = classes.filter((one) => one.items.length > 0).flatMap(({ speakerIds }) => speakerIds);
  expect(heard).toEqual(['loa-1']);
  await say(controller, LEADERS[1], 'approve', made);
  await planned(['ap-1', 'ap-2']);
  expect((await view()).items).toMatchObject([{ notApproved: [] }]);
  await say(controller, 'chairman', 'approve', made);
  await planned([COMMUNE]);
  await say(controller, LEADERS[1], 'withdraw', made, { areas: ['ap-2'] });
  await planned([COMMUNE], ['ap-2']);
});

function only(areas: readonly string[]) {
  return { areas, speakers: [], excludeAreas: [], excludeSpeakers: [] };
}

function asked({
  areas,
  excludeAreas,
}: {
  areas: readonly string[];
  excludeAreas: readonly string[];
}): string {
  return JSON.stringify([areas, excludeAreas]);
}
