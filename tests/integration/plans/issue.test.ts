import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { orderHeaderCodec, payloadOf } from '#protocols';
import { CONTROLLER } from '../../../server/domain/plans/slot-broadcasts.ts';
import { planOfBroadcasts } from '../../../server/domain/plans/take-back.ts';
import { DAY, daily, HOUR, local, type Planner, PlanWorld } from './plan-world.ts';

const MINUTE = 60_000;
const NO_WAIT = { mode: 'instant', latenessMs: 0 } as const;
const states = async (planner: Planner) =>
  (await planner.broadcasts()).map(({ startsAt, state }) => [new Date(startsAt).toISOString(), state]);

it('makes the broadcast of a slot a quarter of an hour before it, once, for those who are meant then', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00') });
  await planner.advance(44 * MINUTE);
  expect(await planner.broadcasts()).toEqual([]);
  await planner.advance(2 * MINUTE);
  const [slot] = await planner.planned('area.tan-an');
  const [made, ...others] = await planner.broadcasts();
  expect(others).toEqual([]);
  expect(made).toMatchObject({
    ...{ id: slot?.broadcastId, state: 'issued', startsAt: local('06:00'), targetCount: 2 },
    ...{ announcementId: 'ann_1', scheduleId: 'sch_1', seriesId: 'ser_1', originalAt: local('06:00') },
    ...{ createdBy: 'bich', missedCode: null },
  });
  expect((await planner.storage.read.broadcasts.snapshot(made?.id ?? ''))?.speakerIds).toEqual([
    'loa-1',
    'loa-2',
  ]);
  expect(planner.events.filter(({ state }) => state === 'issued')).toHaveLength(1);
  // Who holds the plan needs no order.
  expect(await planner.storage.read.broadcasts.orders(made?.id ?? '')).toEqual([]);
  const again = await world.later(planner, MINUTE);
  expect(await again.broadcasts()).toHaveLength(1);
});

it('sends loudspeakers that hold no plans an order of their own', async () => {
  const planner = await new PlanWorld().run();
  planner.capabilities.set('loa-1', ['order:play']).set('loa-2', ['order:play', 'plan']);
  await planner.schedule({ recurrence: daily('05:10') });
  const [made] = await planner.broadcasts();
  const orders = await planner.storage.read.broadcasts.orders(made?.id ?? '');
  expect(orders.map(({ topics }) => topics)).toEqual([['loa/1/speaker/loa-1/down/order']]);
});

it('says of what was told that it was issued and of what nobody ever held that it was missed', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00'), start: NO_WAIT });
  // Seventeen days away: fifteen days of the plan were told, two were in no plan.
  const back = await world.later(planner, 17 * DAY);
  const made = await back.broadcasts();
  expect(made).toHaveLength(17);
  expect(made.slice(0, 15).every(({ state }) => state === 'issued')).toBe(true);
  expect(made.slice(15)).toMatchObject([
    { state: 'missed', missedCode: 'schedule.controller_away', startsAt: local('06:00', 15) },
    { state: 'missed', missedCode: 'schedule.controller_away', startsAt: local('06:00', 16) },
  ]);
  const again = await world.later(back, 30 * MINUTE);
  expect(await again.broadcasts()).toHaveLength(17);
  expect(again.errors).toEqual([]);
});

it('still plans a slot within its lateness when it comes back', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00'), start: { mode: 'instant', latenessMs: HOUR } });
  const back = await world.later(planner, 15 * DAY + HOUR + 30 * MINUTE);
  const slots = await back.planned('area.tan-an');
  expect(slots[0]?.startsAt).toBe(local('06:00', 15));
  expect((await back.broadcasts()).at(-1)).toMatchObject({ state: 'issued', startsAt: local('06:00', 15) });
});

it('neither loses nor doubles a slot that aired after the backup that was put back', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00') });
  await planner.stop();
  const file = join(world.folder, 'loa.db');
  await copyFile(file, `${file}.backup`);
  const next = await world.later(planner, DAY + 2 * HOUR);
  const aired = await next.broadcasts();
  expect(aired).toHaveLength(2);
  await next.stop();
  await copyFile(`${file}.backup`, file);
  const restored = await world.run();
  expect((await restored.broadcasts()).map(({ id, state }) => [id, state])).toEqual(
    aired.map(({ id, state }) => [id, state]),
  );
});

it('takes what is on air back when its schedule is deleted, and lets it sound when that is only edited', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  const schedule = await planner.schedule({ recurrence: daily('05:01') });
  await planner.advance(90_000);
  const edited = { ...schedule, rule: { ...schedule.rule, recurrence: daily('07:00') } };
  await planner.save({ ...edited, updatedAt: world.clock.now() });
  const [onAir] = await planner.broadcasts();
  expect(onAir).toMatchObject({ state: 'issued', startsAt: local('05:01') });
  expect((await planner.planned('area.tan-an'))[0]?.broadcastId).toBe(onAir?.id);
  await planner.save({ ...edited, deletedAt: world.clock.now() });
  expect(await planner.broadcasts()).toMatchObject([{ id: onAir?.id, state: 'cancelled' }]);
  const [cancel] = await planner.storage.read.broadcasts.orders(onAir?.id ?? '');
  expect(cancel).toMatchObject({ kind: 'cancel', topics: ['loa/1/area/tan-an/order'] });
  expect(await planner.planned('area.tan-an')).toEqual([]);
});

it('issues a slot again that was paused and taken up before its time, above what took it back', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  const schedule = await planner.schedule({ recurrence: daily('05:10') });
  const [first] = await planner.planned('area.tan-an');
  const pausedAt = world.clock.now();
  await planner.save({ ...schedule, pausedAt, pausedBy: 'bich', updatedAt: pausedAt });
  expect(await states(planner)).toEqual([['2026-01-04T22:10:00.000Z', 'cancelled']]);
  await planner.save({ ...schedule, updatedAt: world.clock.now() });
  expect(await states(planner)).toEqual([['2026-01-04T22:10:00.000Z', 'issued']]);
  const [again] = await planner.planned('area.tan-an');
  expect(again?.broadcastId).toBe(first?.broadcastId);
  expect(again?.revision).toBeGreaterThan((first?.revision ?? 0) + 1);
});

it('moves the broadcast that is issued already with its slot', async () => {
  const planner = await new PlanWorld().run();
  const schedule = await planner.schedule({ recurrence: daily('05:10') });
  const change = { kind: 'move', originalAt: local('05:10'), startsAt: local('08:00') } as const;
  await planner.save({
    ...schedule,
    rule: { ...schedule.rule, changes: [{ ...change, by: 'bich', reason: 'mưa' }] },
  });
  expect(await planner.broadcasts()).toMatchObject([{ state: 'issued', startsAt: local('08:00') }]);
});

it('leaves out for good what a person took back', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('05:10') });
  const [made] = await planner.broadcasts();
  const plan = planOfBroadcasts({
    ...{ slots: planner.slots, clock: world.clock, requireClock: () => undefined },
    changed: () => planner.changed(),
  });
  await planner.storage.transaction(async (tx) => {
    const slot = await tx.plans.slot(made?.id ?? '');
    if (slot === null) throw new Error(`no slot of ${CONTROLLER}`);
    await plan.takeBack(tx, slot);
  });
  await planner.settled();
  expect((await planner.planned('area.tan-an')).map(({ broadcastId }) => broadcastId)).not.toContain(
    made?.id,
  );
  planner.changed();
  await planner.settled();
  expect((await planner.planned('area.tan-an'))[0]?.startsAt).toBe(local('05:10', 1));
});

it.each([-6, 6])(
  'plans and issues nothing while its clock is off by %i hours, and nothing twice after',
  async (hours) => {
    const world = new PlanWorld();
    const planner = await world.run();
    await planner.schedule({ recurrence: daily('05:10', '06:00', '09:00') });
    expect(await planner.broadcasts()).toHaveLength(1);
    const told = planner.sent.length;
    world.clock.jump(hours * HOUR);
    await planner.advance(2 * MINUTE);
    expect(planner.guard.dispute?.offMs).toBe(hours * HOUR);
    planner.changed();
    await planner.settled();
    expect(await planner.broadcasts()).toHaveLength(1);
    expect(planner.sent).toHaveLength(told);
    world.clock.jump(-hours * HOUR);
    await planner.advance(MINUTE);
    expect(planner.guard.disputed).toBe(false);
    await planner.advance(45 * MINUTE);
    expect(await states(planner)).toEqual([
      ['2026-01-04T22:10:00.000Z', 'issued'],
      ['2026-01-04T23:00:00.000Z', 'issued'],
    ]);
    expect(planner.errors).toEqual([]);
  },
);

it('takes an order back from a loudspeaker without a plan that is not meant any more, and from nobody else', async () => {
  const planner = await new PlanWorld().run();
  planner.capabilities.set('loa-1', ['order:play']).set('loa-2', ['order:play']);
  const schedule = await planner.schedule({ recurrence: daily('05:10') });
  const [made] = await planner.broadcasts();
  const sent = async () =>
    (await planner.storage.read.broadcasts.orders(made?.id ?? '')).map(({ kind, document, topics }) => {
      const { revision } = orderHeaderCodec.parse(payloadOf(document));
      return { kind, topics, revision };
    });
  const [first] = await sent();
  await planner.advance(MINUTE);
  await planner.save({ ...schedule, targets: { ...schedule.targets, areas: ['ap-1'] } });
  const cancels = (await sent()).filter(({ kind }) => kind === 'cancel');
  expect(cancels.map(({ topics }) => topics)).toEqual([['loa/1/speaker/loa-2/down/order']]);
  expect(cancels[0]?.revision).toBeGreaterThan(first?.revision ?? 0);
  await planner.advance(MINUTE);
  await planner.save({ ...schedule, updatedAt: schedule.updatedAt + 1 });
  const last = (await sent()).filter(({ kind }) => kind === 'play').at(-1);
  expect(last?.topics).toEqual(['loa/1/speaker/loa-1/down/order', 'loa/1/speaker/loa-2/down/order']);
  expect(last?.revision).toBeGreaterThan(cancels[0]?.revision ?? 0);
});

it('follows every broadcast that it made, also when it could not be read at once', async () => {
  const planner = await new PlanWorld().run();
  planner.blind = true;
  await planner.write((tx) => tx.schedules.save(planner.wish({ recurrence: daily('05:10', '05:12') })));
  await planner.pass(90_000);
  const made = (await planner.broadcasts()).map(({ id }) => id);
  expect(made).toHaveLength(2);
  expect(planner.watched).toEqual([]);
  planner.blind = false;
  await planner.advance(5_000);
  expect(planner.watched.sort()).toEqual(made.sort());
});

it('issues every other slot when one cannot be issued, tells of that once and tries it again', async () => {
  const planner = await new PlanWorld().run();
  await planner.schedule({ recurrence: daily('06:00', '06:01', '06:02') });
  const [first, second] = planner.slots.between(local('06:00'), local('06:02'));
  if (first === undefined || second === undefined) throw new Error('no slots');
  // A row that nobody can read any more.
  await planner.storage.transaction((tx) => tx.plans.saveSlots([{ ...second, line: '{' }]));
  await planner.pass(50 * MINUTE);
  const issued = async () => (await planner.broadcasts()).map(({ startsAt }) => startsAt);
  expect(await issued()).toEqual([local('06:00'), local('06:02')]);
  expect(planner.errors).toHaveLength(1);
  expect(String(planner.errors[0])).toContain(second.broadcastId);
  expect(planner.issuer.failing).toBe(1);
  expect(planner.issuer.failureOf(first.broadcastId)).toBeNull();
  expect(planner.issuer.failureOf(second.broadcastId)).toMatchObject({
    ...{ code: 'schedule.not_issued', params: { id: second.broadcastId } },
    message: expect.stringContaining(second.broadcastId),
  });
  await planner.storage.transaction((tx) => tx.plans.saveSlots([second]));
  await planner.pass(30_000);
  expect(await issued()).toEqual([local('06:00'), local('06:01'), local('06:02')]);
  expect(planner.issuer.failing).toBe(0);
  expect(planner.errors).toHaveLength(1);
});
