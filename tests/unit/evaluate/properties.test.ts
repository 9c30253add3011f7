import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arbitrate,
  type Holding,
  type Item,
  inPlanOrder,
  itemOf,
  type PlannedItem,
  SESSION_SLACK_MS,
  simulate,
  simulateCluster,
  type Timeline,
} from '#protocols';
import { at, holding, MINUTE, NOW, planned, rules, situation } from './examples.ts';
import { stepBySecond } from './step-by-second.ts';

const SECOND = 1_000;
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((value) => value * SECOND);
const hold = fc.option(
  fc.record({
    by: fc.constant('a'),
    reason: fc.constant(''),
    until: fc.option(seconds(-60, 900).map((ms) => NOW + ms)),
  }),
  { freq: 4 },
);

/** Windows that open and close among the items. */
const tight = rules({
  windows: [
    { days: [1, 2, 3, 4, 5, 6, 7], opens: '05:41', closes: '05:45' },
    { days: [1, 2, 3, 4, 5, 6, 7], opens: '05:46', closes: '05:52' },
  ],
});

const limited = rules({ sessionMinutes: 4, sessionsPerDay: 2 });

function plannedItems(most: number, spreadSeconds = 600): fc.Arbitrary<PlannedItem[]> {
  const one = fc.record({
    priority: fc.constantFrom(
      'normal' as const,
      'normal' as const,
      'priority' as const,
      'emergency' as const,
    ),
    issuedAt: fc.integer({ min: 0, max: 1 }),
    position: fc.integer({ min: 0, max: 1 }),
    // In steps of half a minute: many meet.
    startMs: fc.integer({ min: 0, max: Math.floor(spreadSeconds / 30) }).map((steps) => steps * 30 * SECOND),
    durationMs: seconds(1, 150),
    leadMs: fc.constantFrom(0, 0, 0, 1_000),
    keepsEnd: fc.constantFrom(false, false, false, true),
    lateMs: seconds(0, 200),
    moreMs: seconds(0, 300),
    repeat: fc.record({ count: fc.integer({ min: 1, max: 2 }), intervalMs: seconds(0, 60) }),
    override: fc.boolean(),
    overlap: fc.constantFrom('queue' as const, 'duck' as const),
    afterInterruption: fc.constantFrom('resume' as const, 'drop' as const),
    releases: fc.constantFrom([], ['lat-1']),
  });
  return fc.array(one, { minLength: 1, maxLength: most }).map((list) =>
    list.map(({ startMs, lateMs, moreMs, ...rest }, number) => {
      const startsAt = NOW + startMs;
      const hardEndAt = startsAt + lateMs + rest.durationMs + moreMs;
      return planned(`i${number}`, {
        ...rest,
        startsAt,
        latestStartAt: startsAt + lateMs,
        hardEndAt,
        expiresAt: hardEndAt,
      });
    }),
  );
}

const holdings: fc.Arbitrary<Holding> = fc.record({
  rules: fc.constantFrom(rules(), rules(), tight),
  mute: hold,
  maintenance: hold,
  latches: fc.constantFrom([], [], ['lat-1'], ['lat-1', 'lat-2']),
});

const run = (items: readonly PlannedItem[], held: Holding): Timeline =>
  simulate(items, held, { from: NOW, to: NOW + 60 * 60 * MINUTE });

const items: fc.Arbitrary<Item[]> = plannedItems(8, 120).map((list) =>
  list.map((one) =>
    itemOf(
      one,
      { repetitions: 0, resumeFromMs: 0, interrupted: false },
      { ready: true, trouble: null, fresh: true, blockedBy: null },
    ),
  ),
);
const moments = fc.record({
  nowMs: seconds(-10, 300),
  muted: fc.boolean(),
  maintenance: fc.boolean(),
  latches: fc.constantFrom([], ['lat-1'], ['lat-1', 'lat-2']),
  rules: fc.constantFrom(rules(), tight, null),
});

describe('arbitrate, whatever comes', () => {
  it('lets nothing but an emergency sound outside windows, under a mute, and nothing at all under maintenance or a latch it does not lift', () => {
    fc.assert(
      fc.property(items, moments, fc.nat(), (list, { nowMs, ...rest }, pick) => {
        const now = NOW + nowMs;
        const current = pick % 3 === 0 ? (list[pick % list.length]?.id ?? null) : null;
        const verdict = arbitrate(situation(list, { now, ...rest, current }));
        for (const id of [verdict.sound, verdict.voice]) {
          const one = list.find((other) => other.id === id);
          if (one === undefined) continue;
          expect(rest.maintenance).toBe(false);
          expect(
            rest.latches.every((latch) => one.priority === 'emergency' && one.releases.includes(latch)),
          ).toBe(true);
          if (one.priority === 'emergency') continue;
          expect(rest.muted).toBe(false);
          expect(rest.rules).not.toBeNull();
          if (rest.rules !== tight || one.override) continue;
          // Silence before its start belongs to an item: five seconds at most.
          const minute = (Math.max(now, one.plannedAt) - at('05T05:00')) / MINUTE;
          const open = [
            [41, 45],
            [46, 52],
          ].some(([opens = 0, closes = 0]) => minute >= opens - 1 / 12 && minute < closes);
          expect(open).toBe(true);
        }
      }),
    );
  });

  it('lets one thing sound at a time, and a priority item that may over a normal one', () => {
    fc.assert(
      fc.property(items, moments, (list, { nowMs, ...rest }) => {
        const first = arbitrate(situation(list, { now: NOW + nowMs, ...rest }));
        expect(first.voice).toBeNull();
        const second = arbitrate(situation(list, { now: NOW + nowMs, ...rest, current: first.sound }));
        if (first.sound !== null) expect(second.stop).toBeNull();
        if (second.voice === null) return;
        const [main, over] = [first.sound, second.voice].map((id) => list.find((one) => one.id === id));
        expect([main?.priority, over?.priority, over?.overlap]).toEqual(['normal', 'priority', 'duck']);
      }),
    );
  });

  it('does not care for the order of its lists', () => {
    fc.assert(
      fc.property(
        items,
        moments,
        fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
        (list, { nowMs, ...rest }, keys) => {
          const shuffled = list
            .map((one, index) => [keys[index] ?? 0, one] as const)
            .sort(([a], [b]) => a - b)
            .map(([, one]) => one);
          const plain = (given: readonly Item[]) => {
            const { over, passed, blocked, waitsFor, ...verdict } = arbitrate(
              situation(given, { now: NOW + nowMs, ...rest }),
            );
            return {
              ...verdict,
              over: over.map(({ id, code }) => `${id} ${code}`).sort(),
              passed: passed.map(({ id, code }) => `${id} ${code}`).sort(),
              blocked: [...blocked].sort(),
              waitsFor: [...waitsFor].sort(),
            };
          };
          expect(plain(shuffled)).toEqual(plain(list));
        },
      ),
    );
  });
});

describe('simulate, whatever comes', () => {
  it('loses no item: each sounds whole, or says why not', () => {
    fc.assert(
      fc.property(plannedItems(8), holdings, (list, held) => {
        const { items: told } = run(list, held);
        expect(told.map(({ id }) => id).sort()).toEqual(list.map(({ id }) => id).sort());
        for (const one of told) {
          expect(one.ranges.length > 0 || one.reason !== null).toBe(true);
          if ((one.lateMs ?? 0) > 0) expect(one.heldBackBy).not.toBeNull();
        }
      }),
    );
  });

  it('agrees with a loudspeaker that looks at everything once a second', () => {
    fc.assert(
      fc.property(plannedItems(6, 400), holdings, fc.constantFrom(null, limited), (list, held, limits) => {
        const there = { ...held, rules: limits ?? held.rules };
        const steps = stepBySecond(list, () => there, NOW - 10 * SECOND, NOW + 30 * MINUTE);
        for (const { id, ranges, reason } of run(list, there).items) {
          const heard = ranges.map(({ startedAt, endedAt, over, fromMs }) => [
            startedAt,
            endedAt,
            over,
            fromMs,
          ]);
          expect([id, heard, reason?.code ?? null]).toEqual([id, steps.get(id)?.ranges, steps.get(id)?.why]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('may be cut into clusters', () => {
    const limits = rules({ sessionMinutes: 6, sessionsPerDay: 2 });
    const policies = fc.constantFrom(rules(), tight, limits);
    fc.assert(
      fc.property(plannedItems(12, 2_400), holdings, policies, (list, held, policy) => {
        const there = { ...held, rules: policy };
        const { items: whole, conflicts } = simulateCluster(inPlanOrder(list), there, []);
        const cut = run(list, there);
        expect(cut.items).toEqual(whole);
        expect(cut.conflicts).toEqual(conflicts);
      }),
      { numRuns: 300 },
    );
  });

  it('says the same of two halves as of the whole, cut where nothing goes on', () => {
    const limits = rules({ sessionMinutes: 6, sessionsPerDay: 3 });
    fc.assert(
      fc.property(
        plannedItems(6),
        plannedItems(6),
        fc.constantFrom(rules(), limits),
        (before, after, policy) => {
          const shiftMs = 90 * MINUTE;
          const later = after.map((one) => ({
            ...one,
            ...{
              id: `l${one.id}`,
              startsAt: one.startsAt + shiftMs,
              latestStartAt: one.latestStartAt + shiftMs,
            },
            ...{ hardEndAt: one.hardEndAt + shiftMs, expiresAt: one.expiresAt + shiftMs },
          }));
          const held = holding({ rules: policy });
          const cut = NOW + 80 * MINUTE;
          const all = [...before, ...later];
          const whole = simulate(all, held, { from: NOW, to: cut + shiftMs });
          const first = simulate(all, held, { from: NOW, to: cut });
          const second = simulate(all, held, { from: cut, to: cut + shiftMs, history: first.history });
          expect([...first.items, ...second.items]).toEqual(whole.items);
          expect([...first.conflicts, ...second.conflicts]).toEqual(whole.conflicts);
        },
      ),
    );
  });

  it('keeps the length of sessions and their number', () => {
    const policy = rules({ sessionMinutes: 5, sessionsPerDay: 2 });
    fc.assert(
      fc.property(plannedItems(10, 3_000), (list) => {
        const counted = list.filter(({ priority, override }) => priority !== 'emergency' && !override);
        const spans = run(counted, holding({ rules: policy }))
          .items.flatMap(({ ranges }) => ranges)
          .sort((a, b) => a.startedAt - b.startedAt);
        const sessions: { from: number; to: number }[] = [];
        for (const { startedAt, endedAt } of spans) {
          const last = sessions.at(-1);
          if (last !== undefined && startedAt - last.to < 10 * MINUTE) last.to = Math.max(last.to, endedAt);
          else sessions.push({ from: startedAt, to: endedAt });
        }
        expect(sessions.length).toBeLessThanOrEqual(2);
        for (const { from, to } of sessions)
          expect(to - from).toBeLessThanOrEqual(5 * MINUTE + SESSION_SLACK_MS);
      }),
    );
  });
});
