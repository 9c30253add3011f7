import { expect, it } from 'vitest';
import { COMMUNE, daily, HAMLETS, HOUR, local, type Planner, PlanWorld } from './plan-world.ts';

/** All day open, two sessions a day. */
const TWO_A_DAY = JSON.stringify({
  windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
  ...{ sessionMinutes: null, sessionsPerDay: 2, legalBasis: '' },
});

const [FIRST, SECOND] = HAMLETS;
const forAreas = (...areas: string[]) => ({ areas, speakers: [], excludeAreas: [], excludeSpeakers: [] });

async function limited(planner: Planner, areaId: string, policy: string | null): Promise<void> {
  const area = { ...planner.areas.tree.get(areaId), policy };
  planner.areas.put(area);
  planner.changed();
  await planner.settled();
}

const startsOf = async (planner: Planner, scope: string, day: number) =>
  (await planner.planned(scope))
    .map(({ startsAt }) => startsAt)
    .filter((at) => at >= local('00:00', day) && at < local('24:00', day));

it('withholds what is one session too many across schedules, everywhere it is for, and takes it up again', async () => {
  const planner = await new PlanWorld().run();
  await limited(planner, SECOND, TWO_A_DAY);
  await planner.schedule({ recurrence: daily('06:00', '17:00') });
  const own = { id: 'sch_2', seriesId: 'ser_2', targets: forAreas(SECOND), recurrence: daily('11:00') };
  const second = await planner.schedule(own);
  // The third of the day in the second hamlet is the commune's at 17:00: it stays together, and is in no plan.
  expect(await startsOf(planner, `area.${COMMUNE}`, 1)).toEqual([local('06:00', 1)]);
  expect(await startsOf(planner, `area.${SECOND}`, 1)).toEqual([local('11:00', 1)]);
  const { slots } = planner;
  expect(slots.between(local('00:00', 1), local('24:00', 1)).map(({ startsAt }) => startsAt)).toEqual([
    local('06:00', 1),
    local('11:00', 1),
  ]);
  await planner.save({ ...second, deletedAt: local('05:00') });
  expect(await startsOf(planner, `area.${COMMUNE}`, 1)).toEqual([local('06:00', 1), local('17:00', 1)]);
  expect(planner.errors).toEqual([]);
});

it('neither binds nor counts emergencies and what the chairman allowed', async () => {
  const planner = await new PlanWorld().run();
  await limited(planner, COMMUNE, TWO_A_DAY);
  await planner.schedule({ recurrence: daily('06:00', '17:00'), targets: forAreas(FIRST) });
  const other = { id: 'sch_2', seriesId: 'ser_2', targets: forAreas(FIRST), recurrence: daily('11:00') };
  for (const leave of [
    { priority: 'emergency' as const },
    { windowOverride: { by: 'chu-tich', reason: 'báo bão' } },
  ]) {
    await planner.schedule({ ...other, ...leave });
    expect(await startsOf(planner, `area.${FIRST}`, 1)).toEqual([
      local('06:00', 1),
      local('11:00', 1),
      local('17:00', 1),
    ]);
  }
  await planner.schedule(other);
  expect(await startsOf(planner, `area.${FIRST}`, 1)).toEqual([local('06:00', 1), local('11:00', 1)]);
});

it('does not count what was never in a plan because nobody had asked for it yet', async () => {
  const world = new PlanWorld({ start: local('10:00') });
  const planner = await world.run();
  await limited(planner, COMMUNE, TWO_A_DAY);
  // Made at ten: that of six this morning was not.
  await planner.schedule({ recurrence: daily('06:00', '17:00', '19:00') });
  expect(await startsOf(planner, `area.${COMMUNE}`, 0)).toEqual([local('17:00'), local('19:00')]);
  expect(await startsOf(planner, `area.${COMMUNE}`, 1)).toEqual([local('06:00', 1), local('17:00', 1)]);
});

it('does not count what was approved after its time', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await limited(planner, COMMUNE, TWO_A_DAY);
  await planner.approve('withdrawn');
  await planner.schedule({ recurrence: daily('06:00', '17:00', '19:00') });
  await planner.rest();
  await world.clock.advance(local('10:00') - world.clock.now());
  await planner.write(async (tx) => {
    const before = await tx.announcements.get('ann_1');
    if (before === null) throw new Error('no announcement');
    const updatedAt = world.clock.now();
    await tx.announcements.update({ ...before, state: 'approved', updatedAt }, before.state);
  });
  await planner.settled();
  expect(await startsOf(planner, `area.${COMMUNE}`, 0)).toEqual([local('17:00'), local('19:00')]);
});

it('does not count what a later policy would have let sound before', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  const noon = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '12:00', closes: '24:00' }];
  await limited(planner, COMMUNE, JSON.stringify({ ...JSON.parse(TWO_A_DAY), windows: noon }));
  await planner.schedule({ recurrence: daily('06:00', '17:00', '19:00') });
  await planner.rest();
  // Compiled each hour: nobody was away.
  while (world.clock.now() < local('09:00')) {
    await world.clock.advance(HOUR);
    planner.changed();
    await planner.settled();
  }
  await limited(planner, COMMUNE, TWO_A_DAY);
  expect(await startsOf(planner, `area.${COMMUNE}`, 0)).toEqual([local('17:00'), local('19:00')]);
  // Nor does it later, when nothing of it has changed.
  planner.changed();
  await planner.settled();
  expect(await startsOf(planner, `area.${COMMUNE}`, 0)).toEqual([local('17:00'), local('19:00')]);
  expect(await startsOf(planner, `area.${COMMUNE}`, 1)).toEqual([local('06:00', 1), local('17:00', 1)]);
});

it('reads after a restart what it had, and signs nothing anew', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00', '17:00') });
  const before = planner.head(`area.${COMMUNE}`);
  const next = await world.later(planner, 60_000);
  expect(next.head(`area.${COMMUNE}`)).toEqual(before);
  expect(next.headsSent()).toEqual([]);
});
