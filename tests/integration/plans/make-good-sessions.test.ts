import { expect, it } from 'vitest';
import { type DeliveryView, PENDING } from '#protocols';
import { MakeGoodService } from '../../../server/domain/coverage/make-good-service.ts';
import { sessionRoom } from '../../../server/domain/coverage/session-room.ts';
import { TargetRules } from '../../../server/domain/schedule/target-rules.ts';
import { COMMUNE, daily, HAMLETS, local, type Planner, PlanWorld } from './plan-world.ts';

const [FIRST, SECOND] = HAMLETS;
const MINUTE = 60_000;
/** All day open, two sessions a day. */
const TWO_A_DAY = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  ...{ sessionMinutes: null, sessionsPerDay: 2, legalBasis: '' },
});
const to = (...speakers: string[]) => ({ areas: [], speakers, excludeAreas: [], excludeSpeakers: [] });

/** Something at six and something else at five in the afternoon: the day is full. */
async function fullDay(): Promise<{ world: PlanWorld; planner: Planner }> {
  const world = new PlanWorld();
  const planner = await world.run();
  planner.areas.put({ ...planner.areas.tree.get(COMMUNE), policy: TWO_A_DAY });
  await planner.schedule({ recurrence: daily('06:00'), makeGood: 'propose', afterInterruption: 'drop' });
  const other = { id: 'sch_2', seriesId: 'ser_2', recurrence: daily('17:00') };
  await planner.schedule({ ...other, content: { kind: 'announcement', announcementId: 'ann_2' } });
  return { world, planner };
}

function roomOf(planner: Planner, now: number, without: string | null = null) {
  const { areas, speakers, slots, storage } = planner;
  const rules = new TargetRules({ tree: areas.tree, areaOfSpeaker: (id) => speakers.get(id)?.areaId });
  const planned = slots.between.bind(slots);
  return sessionRoom(to('loa-1'), MINUTE, { ...{ read: storage.read, rules, planned, now, without } });
}

it('finds no room for one more session of a full day, and finds it beside a session or in place of one', async () => {
  const { planner } = await fullDay();
  const now = local('07:00');
  const room = await roomOf(planner, now);
  const one = { code: 'policy.too_many_sessions', params: { limit: 2, area: FIRST } };
  expect(room(local('08:00'))).toMatchObject(one);
  // Nor before the others of a day, which would have to give way.
  expect(room(local('05:00', 1))).toMatchObject(one);
  expect(room(local('17:01') + 5_000)).toBeNull();
  const [morning] = planner.slots.between(local('06:00'), local('06:01'));
  const free = await roomOf(planner, now, morning?.broadcastId);
  expect(free(local('08:00'))).toBeNull();
});

it('counts what was ordered by itself', async () => {
  const { planner, world } = await fullDay();
  const [morning] = planner.slots.between(local('06:00'), local('06:01'));
  if (morning === undefined) throw new Error('no slot');
  const ordered = JSON.parse(morning.line);
  const { document, hash } = await planner.keys.sign('order', {
    ...ordered,
    ...{ id: 'ord_9', broadcastId: 'brc_9', startsAt: local('08:00') },
  });
  const at = world.clock.now();
  await planner.storage.transaction(async (tx) => {
    await tx.broadcasts.insert(
      {
        ...{ id: 'brc_9', announcementId: 'ann_1', areaId: COMMUNE, title: '', priority: 'normal' },
        ...{ state: 'completed', startsAt: local('08:00'), latestStartAt: local('08:01') },
        ...{ hardEndAt: local('08:05'), targets: to('loa-1'), targetCount: 1, drill: false },
        ...{ makesGoodOf: null, cancelReason: null, missedCode: null, scheduleId: null, seriesId: null },
        ...{ sessionId: null, originalAt: null, clearance: null, createdBy: 'bich', createdAt: at },
      },
      { broadcastId: 'brc_9', speakerIds: ['loa-1'] },
    );
    await tx.broadcasts.insertOrder({
      ...{ id: 'ord_9', broadcastId: 'brc_9', kind: 'play', document, hash, topics: [] },
      ...{ issuedAt: at, expiresAt: local('08:05') },
    });
  });
  const room = await roomOf(planner, local('09:00'), morning.broadcastId);
  expect(room(local('10:00'))).toMatchObject({ code: 'policy.too_many_sessions' });
});

it.each([
  ['its loudspeaker did not say what it heard', undefined, local('17:01') + 5_000],
  [
    'nothing of it sounded there',
    { ...PENDING, state: 'missed', code: 'order.too_late' } satisfies DeliveryView,
    local('07:01'),
  ],
])('makes good within the sessions of the day: %s', async (_, view, startsAt) => {
  const { world, planner } = await fullDay();
  await planner.pass(local('07:00') - world.clock.now());
  const [aired] = await planner.broadcasts();
  const broadcastId = aired?.id ?? '';
  const delivery = (speakerId: string, view: DeliveryView) => ({
    ...{ broadcastId, speakerId, view, answeredAt: null, updatedAt: 0 },
  });
  await planner.storage.transaction(async (tx) => {
    const silent: DeliveryView = { ...PENDING, state: 'refused', code: 'order.muted' };
    const deliveries = [delivery('loa-1', silent), ...(view === undefined ? [] : [delivery('loa-2', view)])];
    await tx.receipts.save({ batches: [], rows: [], deliveries, positions: [] });
    await tx.broadcasts.transition(broadcastId, ['issued'], 'failed');
  });
  const { storage, areas, speakers, slots } = planner;
  const service = new MakeGoodService({
    ...{ storage, areas, speakers, clock: world.clock, events: { publish: () => undefined } },
    planned: (from, until) => slots.between(from, until),
    broadcasts: {
      play: () => {
        throw new Error('not asked for');
      },
    },
    onError: (error) => void planner.errors.push(error),
  });
  const { proposals } = await service.proposals(new Set([COMMUNE]));
  expect(proposals).toMatchObject([{ broadcastId, startsAt }]);
  expect(proposals[0]?.speakerIds).toContain(SECOND === 'ap-2' ? 'loa-2' : '');
});
