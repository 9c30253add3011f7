import { expect, it } from 'vitest';
import type { HolidayTable } from '../../../server/domain/calendar/holiday.ts';
import type { Programme } from '../../../server/domain/schedule/schedule.ts';
import { COMMUNE, DAY, daily, HOUR, local, type Planner, PlanWorld } from './plan-world.ts';

const MINUTE = 60_000;
const NO_WAIT = { mode: 'instant', latenessMs: 0 } as const;
const LATE = { mode: 'instant', latenessMs: HOUR } as const;
const today = async (planner: Planner) =>
  (await planner.planned('area.tan-an'))
    .filter(({ startsAt }) => startsAt < local('23:59'))
    .map(({ broadcastId }) => planner.slots.get(broadcastId)?.announcementId);

function holiday(id: string, month: number, day: number): HolidayTable[number] {
  return {
    ...{ id, name: 'Ngày hội', date: { kind: 'solar', month, day }, tone: 'chung', paid: false },
    ...{ restDays: 0, major: false, greeted: false, basis: '' },
  };
}

function programme(now: number, ...announcementIds: string[]): Programme {
  return {
    ...{ id: 'prg_1', areaId: COMMUNE, title: 'Bản tin sáng', chime: null, createdBy: 'bich' },
    items: announcementIds.map((announcementId) => ({ announcementId, gapMs: 1_000, repeat: 1 })),
    ...{ createdAt: now, updatedAt: now, retiredAt: null },
  };
}

it('plans the other schedules when one cannot be expanded any more, and says so once', async () => {
  const planner = await new PlanWorld().run();
  planner.holidays = [...planner.holidays, holiday('hoi-lang', 1, 7)];
  await planner.schedule({
    ...{ id: 'sch_2', seriesId: 'ser_2' },
    recurrence: { kind: 'holiday', holidays: ['hoi-lang'], dayOffset: 0, times: ['09:00'] },
  });
  expect(await planner.planned('area.tan-an')).toHaveLength(1);
  planner.holidays = planner.holidays.filter(({ id }) => id !== 'hoi-lang');
  await planner.schedule({ recurrence: daily('06:00') });
  expect(await planner.planned('area.tan-an')).toHaveLength(15);
  planner.changed();
  await planner.settled();
  expect(planner.errors).toMatchObject([{ code: expect.stringMatching(/^schedule\./) }]);
});

it('says of what was due while the database was held that it was missed', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  planner.held = true;
  const wish = planner.wish({ recurrence: daily('05:02'), start: NO_WAIT });
  await planner.write((tx) => tx.schedules.save(wish));
  await planner.pass(3 * MINUTE);
  planner.held = false;
  await planner.advance(MINUTE);
  expect(await planner.broadcasts()).toMatchObject([{ state: 'missed', startsAt: local('05:02') }]);
  expect(planner.errors).toEqual([]);
});

it('says the same when it began while the database was held, and of what was due while its clock was in doubt', async () => {
  const world = new PlanWorld();
  const first = await world.run();
  const wish = first.wish({ recurrence: daily('05:02'), start: NO_WAIT });
  await first.storage.transaction((tx) => tx.schedules.save(wish));
  await first.stop();
  const planner = await world.run({ held: true });
  await planner.pass(3 * MINUTE);
  planner.held = false;
  await planner.advance(MINUTE);
  expect(await planner.broadcasts()).toMatchObject([{ state: 'missed', startsAt: local('05:02') }]);

  world.clock.jump(-6 * HOUR);
  await planner.advance(MINUTE);
  expect(planner.guard.disputed).toBe(true);
  const other = planner.wish({
    ...{ id: 'sch_2', seriesId: 'ser_2' },
    ...{ recurrence: daily('05:10'), start: NO_WAIT },
  });
  await planner.write((tx) => tx.schedules.save(other));
  await planner.advance(10 * MINUTE);
  world.clock.jump(6 * HOUR);
  await planner.advance(MINUTE);
  expect((await planner.broadcasts()).map(({ state, startsAt }) => [state, startsAt])).toEqual([
    ['missed', local('05:02')],
    ['missed', local('05:10')],
  ]);
});

it('issues on after a clock that was believed in the future', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00') });
  planner.synchronised = true;
  world.clock.jump(5 * DAY);
  await planner.advance(2 * MINUTE);
  expect(planner.guard.disputed).toBe(false);
  world.clock.jump(-5 * DAY);
  await planner.advance(2 * MINUTE);
  expect(planner.guard.disputed).toBe(false);
  await planner.schedule({ id: 'sch_2', seriesId: 'ser_2', recurrence: daily('05:10') });
  await planner.advance(MINUTE);
  expect((await planner.broadcasts())[0]).toMatchObject({ state: 'issued', startsAt: local('05:10') });
  const again = await world.later(planner, MINUTE);
  expect(again.issuer.watermark).toBeLessThanOrEqual(world.clock.now());
});

it('does not air at once what is put into a session that has begun', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.write((tx) => tx.programmes.save(programme(world.clock.now(), 'ann_1')));
  await planner.schedule({
    ...{ content: { kind: 'programme', programmeId: 'prg_1' }, start: LATE },
    recurrence: daily('05:30'),
  });
  await planner.advance(40 * MINUTE);
  await planner.write((tx) => tx.programmes.save(programme(world.clock.now(), 'ann_1', 'ann_2')));
  await planner.settled();
  expect(await today(planner)).toEqual(['ann_1']);
  expect((await planner.planned('area.tan-an')).length).toBe(1 + 2 * 14);
});

it('does not air at once what a wider window or a new holiday would have let sound before', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.policy('09:00');
  await planner.schedule({ recurrence: daily('05:30'), start: LATE });
  await planner.schedule({
    ...{ id: 'sch_2', seriesId: 'ser_2', start: LATE },
    recurrence: { kind: 'holiday', holidays: ['tet-duong-lich', 'hoi-lang'], dayOffset: 0, times: ['05:40'] },
  });
  await planner.advance(45 * MINUTE);
  await planner.policy('00:00');
  planner.holidays = [...planner.holidays, holiday('hoi-lang', 1, 5)];
  planner.changed();
  await planner.settled();
  expect(await today(planner)).toEqual([]);
  expect((await planner.planned('area.tan-an'))[0]?.startsAt).toBe(local('05:30', 1));
});
