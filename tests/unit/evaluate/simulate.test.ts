import { describe, expect, it } from 'vitest';
import { arbitrate, type Holding, itemOf, type PlannedItem, simulate, type Timeline } from '#protocols';
import { at, holding, MINUTE, NOW, planned, rules, situation } from './examples.ts';

const FRESH = { repetitions: 0, resumeFromMs: 0, interrupted: false };
const HERE = { ready: true, trouble: null, fresh: true, blockedBy: null };
const DAY = 24 * 60 * MINUTE;
const run = (items: readonly PlannedItem[], change: Partial<Holding> = {}): Timeline =>
  simulate(items, holding(change), { from: NOW - DAY, to: NOW + 2 * DAY });
/** Of each item: when it sounds, in minutes after NOW, and why not (whole). */
const told = ({ items }: Timeline) =>
  Object.fromEntries(
    items.map(({ id, ranges, reason }) => [
      id,
      [
        ...ranges.map(({ startedAt, endedAt }) => [(startedAt - NOW) / MINUTE, (endedAt - NOW) / MINUTE]),
        reason?.code,
      ],
    ]),
  );

describe('simulate', () => {
  it('plays what is planned, when it is planned', () => {
    const result = run([planned('b', { startsAt: NOW + MINUTE }), planned('a')]);
    expect(told(result)).toEqual({ a: [[0, 1], undefined], b: [[1, 2], undefined] });
    expect(result.items[0]).toMatchObject({ id: 'a', lateMs: 0, heldBackBy: null, reason: null });
    expect(result.conflicts).toEqual([]);
  });

  it('names both parties of two equal items that overlap, and queues the later one', () => {
    const result = run([planned('a'), planned('b', { startsAt: NOW + MINUTE / 2 })]);
    expect(told(result)).toEqual({ a: [[0, 1], undefined], b: [[1, 2], undefined] });
    expect(result.conflicts).toEqual([
      { kind: 'equal', a: 'a', b: 'b', from: NOW + MINUTE / 2, to: NOW + MINUTE },
    ]);
    expect(result.items[1]).toMatchObject({
      lateMs: MINUTE / 2,
      heldBackBy: { code: 'order.queued', other: 'a' },
    });
  });

  it('says what was in the way of an item that never sounds', () => {
    const result = run([
      planned('long', { durationMs: 10 * MINUTE }),
      planned('b', { startsAt: NOW + MINUTE }),
    ]);
    expect(told(result)['b']).toEqual(['order.queued']);
    expect(result.items[1]?.reason).toEqual({ code: 'order.queued', other: 'long' });
  });

  it('puts priority against priority before a person, and airs both in the order of their orders', () => {
    const priority = { priority: 'priority', issuedAt: 5 } as const;
    const result = run([planned('p', priority), planned('q', { ...priority, issuedAt: 4 })]);
    expect(result.conflicts).toMatchObject([{ kind: 'priority', a: 'q', b: 'p' }]);
    expect(told(result)).toEqual({ q: [[0, 1], undefined], p: [[1, 2], undefined] });
  });

  it('interrupts for an emergency, and goes on, drops or leaves it, as the order says', () => {
    const alarm = planned('alarm', {
      priority: 'emergency',
      startsAt: NOW + 2 * MINUTE,
      durationMs: 2 * MINUTE,
    });
    const normal = planned('a', { durationMs: 5 * MINUTE });
    const result = run([normal, alarm]);
    const [first, second] = result.items[0]?.ranges ?? [];
    // The output is taken before the emergency's planned start; the last second is heard again.
    expect([first?.endedAt, second?.startedAt]).toEqual([NOW + 2 * MINUTE - 5_000, NOW + 4 * MINUTE]);
    expect(second).toMatchObject({ fromMs: 2 * MINUTE - 6_000, endedAt: NOW + 7 * MINUTE + 6_000 });
    for (const afterInterruption of ['drop', 'reschedule'] as const) {
      const [cut] = run([{ ...normal, afterInterruption }, alarm]).items;
      expect([cut?.ranges.length, cut?.reason]).toEqual([1, { code: 'order.preempted', other: 'alarm' }]);
    }
  });

  it('lets wait what comes while an interrupted item goes on', () => {
    const sharp = (startsAt: number) => ({ startsAt, latestStartAt: startsAt });
    const result = run([
      planned('a', { ...sharp(NOW), durationMs: 2 * MINUTE }),
      planned('alarm', { ...sharp(NOW + MINUTE), priority: 'emergency', durationMs: 5 * MINUTE }),
      planned('b', { startsAt: NOW + 6.5 * MINUTE }),
    ]);
    expect(result.items.map(({ ranges }) => ranges.length)).toEqual([2, 1, 1]);
    expect(result.items[2]?.heldBackBy).toEqual({ code: 'order.queued', other: 'a' });
  });

  it('lets a priority item speak over a normal one', () => {
    const duck = planned('p', { priority: 'priority', overlap: 'duck', startsAt: NOW + MINUTE });
    const result = run([planned('a', { durationMs: 3 * MINUTE }), duck]);
    expect(told(result)).toEqual({ a: [[0, 3], undefined], p: [[1, 2], undefined] });
    expect(result.items[1]?.ranges[0]?.over).toBe(true);
  });

  it('repeats at the interval, also after one that was held up', () => {
    const again = planned('a', { repeat: { count: 3, intervalMs: 4 * MINUTE } });
    const other = planned('b', { startsAt: NOW + 4.5 * MINUTE, durationMs: 2 * MINUTE });
    expect(told(run([again, other]))['a']).toEqual([[0, 1], [6.5, 7.5], [10, 11], undefined]);
  });

  it('cuts at the hard end and where the window closes', () => {
    const evening = { startsAt: at('05T21:58'), durationMs: 5 * MINUTE };
    const result = run([
      planned('a', { hardEndAt: NOW + MINUTE, durationMs: 2 * MINUTE }),
      planned('b', evening),
    ]);
    expect(told(result)['a']).toEqual([[0, 1], 'order.hard_end']);
    expect(result.items[1]).toMatchObject({
      ranges: [{ endedAt: at('05T22:00') }],
      reason: { code: 'order.outside_window' },
    });
  });

  it('keeps 03:15 silent, mutes and latches, and lets a mute end', () => {
    const night = planned('n', { startsAt: at('05T03:15') });
    expect(told(run([night]))['n']).toEqual(['order.outside_window']);
    expect(told(run([planned('a')], { latches: ['lat-1'] }))['a']).toEqual(['order.latched']);
    const mute = { by: 'b', reason: 'đám tang', until: NOW + 2 * MINUTE };
    expect(told(run([planned('a')], { mute }))['a']).toEqual([[2, 3], undefined]);
    expect(told(run([planned('a')], { maintenance: { ...mute, until: null } }))['a']).toEqual([
      'order.maintenance',
    ]);
  });

  it('keeps the sessions of a day, from one cluster to the next', () => {
    const twice = { rules: rules({ sessionsPerDay: 2, sessionMinutes: 15 }) };
    const hours = [0, 2, 4, 24].map((hour) => planned(`h${hour}`, { startsAt: NOW + hour * 60 * MINUTE }));
    const result = run(
      [...hours, planned('long', { startsAt: NOW + 30 * 60 * MINUTE, durationMs: 16 * MINUTE })],
      twice,
    );
    const reasons = Object.fromEntries(result.items.map(({ id, reason }) => [id, reason?.code]));
    expect(reasons).toEqual({
      ...{ h0: undefined, h2: undefined, h4: 'policy.too_many_sessions', h24: undefined },
      long: 'policy.session_too_long',
    });
  });

  it('counts a session over midnight for the day on which it began, also where an emergency binds it together', () => {
    const once = rules({
      windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }],
      sessionsPerDay: 1,
    });
    const items = [
      planned('before', { startsAt: at('05T23:54') }),
      planned('alarm', { startsAt: at('05T23:59'), priority: 'emergency' }),
      planned('after', { startsAt: at('06T00:02') }),
      planned('next', { startsAt: at('06T00:30') }),
      planned('again', { startsAt: at('06T01:00') }),
    ];
    const reasons = run(items, { rules: once }).items.map(({ reason }) => reason?.code);
    expect(reasons).toEqual([undefined, undefined, undefined, undefined, 'policy.too_many_sessions']);
  });

  it('lets a stream begin late with the rest of its slot, and not at all when that is over', () => {
    const slot = { keepsEnd: true, durationMs: 2 * MINUTE, latestStartAt: NOW + 5 * MINUTE };
    const before = planned('before', { durationMs: MINUTE });
    const [late, gone] = [
      planned('late', { ...slot, position: 1 }),
      planned('gone', { ...slot, position: 2 }),
    ];
    expect(told(run([before, late, gone]))).toEqual({
      before: [[0, 1], undefined],
      late: [[1, 2], undefined],
      gone: ['order.queued'],
    });
  });

  it('does not let begin late what is too long for a session, though less of it would be left then', () => {
    const stream = { keepsEnd: true, durationMs: 4 * MINUTE, latestStartAt: NOW + 3 * MINUTE };
    const file = { durationMs: 4 * MINUTE, hardEndAt: NOW + 70 * MINUTE, latestStartAt: NOW + 68 * MINUTE };
    const items = [planned('stream', stream), planned('file', { startsAt: NOW + 60 * MINUTE, ...file })];
    const limits = { rules: rules({ sessionMinutes: 3 }) };
    expect(told(run(items, limits))).toEqual({
      stream: ['policy.session_too_long'],
      file: ['policy.session_too_long'],
    });
    const all = { history: [], rules: limits.rules, now: NOW + 68 * MINUTE } as const;
    const late = itemOf(items[1] as PlannedItem, FRESH, HERE);
    expect(arbitrate(situation([late], all)).sound).toBeNull();
  });

  it('says of a repetition that would come after its hard end that it is cut off, and keeps the output free', () => {
    const hardEndAt = NOW + 2 * MINUTE;
    const repeated = planned('a', { repeat: { count: 3, intervalMs: MINUTE }, hardEndAt });
    const next = planned('b', {
      startsAt: NOW + 2 * MINUTE - 2_000,
      latestStartAt: NOW + 2 * MINUTE - 2_000,
    });
    expect(told(run([repeated, next]))).toEqual({
      a: [[0, 1], 'order.hard_end'],
      b: [[2 - 2 / 60, 3 - 2 / 60], undefined],
    });
  });

  it('goes on after an interruption without what sounded before the content', () => {
    const chimed = planned('a', { durationMs: MINUTE + 20_000, leadMs: 20_000 });
    const alarm = planned('e', { startsAt: NOW + 10_000, durationMs: 20_000, priority: 'emergency' });
    expect(told(run([chimed, alarm]))['a']).toEqual([[0, 1 / 12], [0.5, 1.5], undefined]);
  });
});
