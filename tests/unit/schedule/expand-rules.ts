/** Random schedule rules for the years 2027 to 2029. */
import fc from 'fast-check';
import type { OccurrenceChange, Recurrence, ScheduleRule } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { isoDay } from './expand-walk.ts';

const DAY_MS = 86_400_000;
export const FIRST_INSTANT = Date.UTC(2027, 0, 1);
export const LAST_INSTANT = Date.UTC(2030, 0, 1);

const two = (n: number) => String(n).padStart(2, '0');
/** Half of them at night, when clocks are changed. */
const hours = fc.oneof(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 1, 2, 3, 22, 23));
const minutes = fc.oneof(fc.integer({ min: 0, max: 59 }), fc.constantFrom(0, 15, 30, 45, 59));
const minuteTimes = fc.tuple(hours, minutes).map(([h, m]) => `${two(h)}:${two(m)}`);
const secondTimes = fc.tuple(minuteTimes, fc.integer({ min: 0, max: 59 })).map(([t, s]) => `${t}:${two(s)}`);
const instants = fc
  .integer({ min: FIRST_INSTANT / 60_000, max: LAST_INSTANT / 60_000 })
  .map((minute) => minute * 60_000);
const days = fc.integer({ min: FIRST_INSTANT / DAY_MS, max: LAST_INSTANT / DAY_MS }).map(isoDay);

const lists = <T>(item: fc.Arbitrary<T>, maxLength: number) =>
  fc.uniqueArray(item, { minLength: 1, maxLength });
const weekdays = lists(fc.integer({ min: 1, max: 7 }), 7);

function recurrences(): fc.Arbitrary<Recurrence> {
  const times = lists(minuteTimes, 4);
  const lunarDay = fc.record({
    day: fc.oneof(fc.constantFrom(1, 15, 30), fc.integer({ min: 1, max: 30 })),
    month: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
    leap: fc.boolean(),
  });
  return fc.oneof(
    fc.record({ kind: fc.constant('once' as const), day: days, time: minuteTimes }),
    fc.record({ kind: fc.constant('weekly' as const), days: weekdays, times }),
    fc.record({ kind: fc.constant('cron' as const), expression: crons }),
    fc.record({
      kind: fc.constant('lunar' as const),
      days: fc.array(lunarDay, { minLength: 1, maxLength: 4 }),
      times,
    }),
    fc.record({
      kind: fc.constant('holiday' as const),
      holidays: lists(fc.constantFrom(...DEFAULT_HOLIDAYS.map(({ id }) => id)), 5),
      dayOffset: fc.integer({ min: -30, max: 30 }),
      times,
    }),
  );
}

const crons = fc
  .tuple(
    fc.constantFrom('0', '30', '*/15', '5,59', '0-10/5'),
    fc.constantFrom('2', '0', '*/6', '22-2', '5,17', '23'),
    fc.constantFrom('*', '?', '1-7', 'L', 'L-2', '15W', 'LW', '28-3', '29,30,31'),
    fc.constantFrom('*', '3,10', 'feb', 'nov-apr', '*/2'),
    fc.constantFrom('*', '0', '7', 'sat-sun', '1-5', '0#2', '5L', 'fri-mon'),
  )
  .map((fields) => fields.join(' '));

function rules(): fc.Arbitrary<ScheduleRule> {
  const seldom = <T>(bound: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: bound });
  return fc.record({
    recurrence: recurrences(),
    fromDay: seldom(days),
    untilDay: seldom(days),
    fromInstant: seldom(instants),
    beforeInstant: seldom(instants),
    changes: fc.constant([]),
  });
}

/** Rules of every kind, in whole minutes. None has changes yet. */
export const minuteRules = rules();

/** A rule that names times on most days and has no bounds. */
export const busyRules: fc.Arbitrary<ScheduleRule> = fc
  .record({ kind: fc.constant('weekly' as const), days: weekdays, times: lists(secondTimes, 4) })
  .map((recurrence) => ({
    recurrence,
    fromDay: null,
    untilDay: null,
    fromInstant: null,
    beforeInstant: null,
    changes: [],
  }));

/** Changes, one to each of some slots, drawn from those given and a few that are none. */
export function changesTo(slots: readonly number[]): fc.Arbitrary<OccurrenceChange[]> {
  const originalAt = slots.length === 0 ? instants : fc.oneof(fc.constantFrom(...slots), instants);
  const why = { by: fc.constant('lan'), reason: fc.constant('lũ về') };
  const moveBy = fc.oneof(
    fc.integer({ min: -90, max: 90 }).map((minute) => minute * 60_000),
    fc.integer({ min: -400, max: 400 }).map((day) => day * DAY_MS),
  );
  const move = fc
    .record({ kind: fc.constant('move' as const), originalAt, startsAt: moveBy, ...why })
    .map((change) => ({ ...change, startsAt: Math.max(0, change.originalAt + change.startsAt) }));
  const skip = fc.record({ kind: fc.constant('skip' as const), originalAt, ...why });
  return fc.uniqueArray(fc.oneof(skip, move), { maxLength: 12, selector: (change) => change.originalAt });
}
