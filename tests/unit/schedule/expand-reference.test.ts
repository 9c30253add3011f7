import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScheduleRule } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { type Expansion, expandRule, explainRule } from '../../../server/domain/schedule/expand.ts';
import { busyRules, changesTo, FIRST_INSTANT, LAST_INSTANT, minuteRules } from './expand-rules.ts';
import { type ClockReadings, isoDay, readClock, walk } from './expand-walk.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** No daylight saving · at night · half an hour · at midnight, both ways · the last hour of a Saturday. */
const ZONES = [
  'Asia/Ho_Chi_Minh',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Asia/Beirut',
  'America/Nuuk',
];

const clocks = new Map<string, ClockReadings>();
function clockOf(zone: string): ClockReadings {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = readClock(zone, FIRST_INSTANT, LAST_INSTANT, 60_000);
    clocks.set(zone, clock);
  }
  return clock;
}

const zones = fc.constantFrom(...ZONES);
// Slots of the first and the last hours may be reached from outside of what was walked.
const [FROM, TO] = [FIRST_INSTANT + 2 * DAY_MS, LAST_INSTANT - 2 * DAY_MS];
const inRange = (at: number) => FROM <= at && at < TO;

/** An occurrence or omission as one text, so that thousands are compared at once. */
const texts = ({ occurrences, omissions }: Expansion) => [
  ...occurrences.map(
    ({ originalAt, startsAt, day, change }) => `${startsAt} ${originalAt} ${day} ${change?.kind}`,
  ),
  ...omissions.map(({ originalAt, day, change }) => `${originalAt} ${day} no: ${change.kind}`),
];

/** What the walk says of a rule with changes, no two of them to one slot. */
function reference(clock: ClockReadings, rule: ScheduleRule, slots: readonly number[]): string[] {
  const day = (at: number) => {
    const index = Math.floor((at - clock.from) / clock.stepMs);
    return isoDay(Math.floor(((clock.shown[index] ?? 0) * clock.stepMs) / DAY_MS));
  };
  const changeOf = new Map(rule.changes.map((change) => [change.originalAt, change]));
  const occurrences: { startsAt: number; originalAt: number; kind: string }[] = [];
  const omitted: string[] = [];
  for (const originalAt of slots) {
    const change = changeOf.get(originalAt);
    const startsAt = change?.kind === 'move' ? change.startsAt : originalAt;
    if (change && inRange(originalAt)) omitted.push(`${originalAt} ${day(originalAt)} no: ${change.kind}`);
    if (change?.kind !== 'skip' && inRange(startsAt))
      occurrences.push({ startsAt, originalAt, kind: String(change?.kind) });
  }
  occurrences.sort((a, b) => a.startsAt - b.startsAt || a.originalAt - b.originalAt);
  return [
    ...occurrences.map(
      ({ startsAt, originalAt, kind }) => `${startsAt} ${originalAt} ${day(startsAt)} ${kind}`,
    ),
    ...omitted,
  ];
}

/** "23:59:30" of seconds after midnight, also of those before it or after the next. */
function timeOf(seconds: number): string {
  return new Date(seconds * 1000 + DAY_MS).toISOString().slice(11, 19);
}

describe('what a rule expands to', () => {
  it('is what a walk along every minute of three years finds', () => {
    let found = 0;
    fc.assert(
      fc.property(zones, minuteRules, fc.gen(), (zone, bare, gen) => {
        const slots = walk(clockOf(zone), bare, DEFAULT_HOLIDAYS);
        const rule = { ...bare, changes: gen(() => changesTo(slots)) };
        const expected = reference(clockOf(zone), rule, slots);
        const given = texts(explainRule(rule, zone, DEFAULT_HOLIDAYS, FROM, TO));
        const differs = given.findIndex((text, index) => text !== expected[index]);
        expect([differs, given[differs]]).toEqual([-1, undefined]);
        expect(given.length).toBe(expected.length);
        found += given.length;
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(1000);
  });

  it('is what a walk along every second finds where the clocks are changed', () => {
    const changes = ZONES.flatMap((zone) => {
      const { shown } = clockOf(zone);
      const at: number[] = [];
      for (let i = 1; i < shown.length; i++)
        if ((shown[i] as number) - (shown[i - 1] as number) !== 1) at.push(FIRST_INSTANT + i * 60_000);
      return at.map((instant) => ({ zone, instant }));
    });
    expect(changes.length).toBe(6 * 6);
    const seconds = new Map<object, ClockReadings>();
    const offset = fc.oneof(
      fc.integer({ min: -140, max: 140 }).map((half) => half * 30),
      fc.integer({ min: -4200, max: 4200 }),
    );
    const offsets = fc.uniqueArray(offset, { minLength: 1, maxLength: 12 });
    const bounds = fc.option(fc.integer({ min: -1, max: 1 }), { nil: null });
    // Ranges that begin well before the change, and just at it: what was jumped over belongs to the instant itself.
    const begins = fc.constantFrom(-90 * 60_000, -1000, 0, 1000);
    fc.assert(
      fc.property(
        fc.constantFrom(...changes),
        offsets,
        bounds,
        bounds,
        begins,
        (change, near, first, last, beginsBy) => {
          const { zone, instant } = change;
          const clock =
            seconds.get(change) ?? readClock(zone, instant - 3 * HOUR_MS, instant + 3 * HOUR_MS, 1000);
          seconds.set(change, clock);
          const lastShown = clock.shown[3 * 3600 - 1] as number;
          const dayBy = (days: number | null) =>
            days === null ? null : isoDay(Math.floor(lastShown / 86_400) + days);
          const times = near.map((by) => timeOf(lastShown + by));
          const recurrence = { kind: 'weekly' as const, days: [1, 2, 3, 4, 5, 6, 7], times };
          const rule: ScheduleRule = {
            recurrence,
            fromDay: dayBy(first),
            untilDay: dayBy(last),
            fromInstant: null,
            beforeInstant: null,
            changes: [],
          };
          const [from, to] = [instant + beginsBy, instant + 3 * HOUR_MS];
          const expected = walk(clock, rule, DEFAULT_HOLIDAYS).filter((at) => from <= at && at < to);
          const given = expandRule(rule, zone, DEFAULT_HOLIDAYS, from, to).map(({ startsAt }) => startsAt);
          expect(given).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('an expansion', () => {
  const week = fc.integer({ min: 0, max: 20 * DAY_MS });
  const begin = fc.integer({ min: FROM, max: TO });
  const changed = fc.tuple(zones, fc.oneof(minuteRules, busyRules), begin, week, week, fc.gen());

  it('of a split range is that of the whole, and gives nothing twice', () => {
    fc.assert(
      fc.property(changed, ([zone, bare, a, first, second, gen]) => {
        const [b, c] = [a + first, a + first + second];
        const slots = expandRule(bare, zone, DEFAULT_HOLIDAYS, a - 40 * DAY_MS, c + 40 * DAY_MS);
        const changes = gen(() => changesTo(slots.map(({ originalAt }) => originalAt)));
        const expand = (from: number, to: number) =>
          explainRule({ ...bare, changes }, zone, DEFAULT_HOLIDAYS, from, to);
        const [whole, left, right] = [expand(a, c), expand(a, b), expand(b, c)];
        expect([...left.occurrences, ...right.occurrences]).toEqual(whole.occurrences);
        expect([...left.omissions, ...right.omissions]).toEqual(whole.omissions);
        const names = whole.occurrences.map(({ originalAt }) => originalAt);
        expect(new Set(names).size).toBe(names.length);
        for (const { startsAt } of whole.occurrences) expect(a <= startsAt && startsAt < c).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('does not depend on the order of the changes, even of several to one slot', () => {
    fc.assert(
      fc.property(changed, ([zone, bare, a, first, second, gen]) => {
        const to = a + first + second;
        const slots = expandRule(bare, zone, DEFAULT_HOLIDAYS, a, to).map(({ originalAt }) => originalAt);
        const changes = [...gen(() => changesTo(slots)), ...gen(() => changesTo(slots))];
        const shuffled = gen(() =>
          fc.shuffledSubarray(changes, { minLength: changes.length, maxLength: changes.length }),
        );
        const expand = (some: typeof changes) =>
          explainRule({ ...bare, changes: some }, zone, DEFAULT_HOLIDAYS, a, to);
        expect(expand(shuffled)).toEqual(expand(changes));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same for a series cut in two at any instant', () => {
    fc.assert(
      fc.property(zones, busyRules, begin, week, week, (zone, rule, a, first, second) => {
        const [cut, to] = [a + first, a + first + second];
        const expand = (part: ScheduleRule) => expandRule(part, zone, DEFAULT_HOLIDAYS, a, to);
        const parts = [
          { ...rule, beforeInstant: cut },
          { ...rule, fromInstant: cut },
        ];
        expect(parts.flatMap(expand)).toEqual(expand(rule));
      }),
      { numRuns: 100 },
    );
  });
});
