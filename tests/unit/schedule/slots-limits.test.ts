import { describe, expect, it } from 'vitest';
import {
  overLimit,
  type PlannedSession,
  withinLimits,
} from '../../../server/domain/schedule/session-limits.ts';
import { announcement, area, at, DAY, facts, item, programme, schedule, slotsOn } from './slot-samples.ts';

const rules = (over: object) => ({
  ...{ windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }], legalBasis: '' },
  ...{ sessionMinutes: null },
  ...over,
});
const XA = { areas: ['xa'], speakers: [], excludeAreas: [], excludeSpeakers: [] };
let count = 0;
const session = (startsAt: number, minutes: number, over: Partial<PlannedSession> = {}): PlannedSession => ({
  ...{
    sessionId: `ses_${String(count++).padStart(3, '0')}`,
    startsAt,
    endsAt: startsAt + minutes * 60_000,
    targets: XA,
    exempt: false,
  },
  ...over,
});

/** Positions in the list of those that break a limit, and why. */
function over(policy: object, sessions: readonly PlannedSession[], areaIds = ['xa', 'ap-1', 'ap-2']) {
  const of = facts({ areas: [area('xa', null, rules(policy)), area('ap-1', 'xa'), area('ap-2', 'xa')] });
  const refused = overLimit(sessions, areaIds, of.rules);
  return sessions.flatMap(({ sessionId }, i) => {
    const refusal = refused.get(sessionId);
    return refusal === undefined
      ? []
      : [[i, refusal.code, refusal.params['count'] ?? refusal.params['minutes']]];
  });
}

describe('the limits of sessions', () => {
  it('count those of a local day, in their order', () => {
    const day = [
      session(at(17), 10),
      session(at(5, 30), 10),
      session(at(20), 10),
      session(at(5, 30) + DAY, 10),
    ];
    expect(over({ sessionsPerDay: 2 }, day)).toEqual([[2, 'policy.too_many_sessions', 3]]);
    expect(over({ sessionsPerDay: null }, day)).toEqual([]);
    // 23:50 of one day and 00:10 of the next, by Vietnam's clocks.
    expect(over({ sessionsPerDay: 1 }, [session(at(23, 50), 5), session(at(24, 10), 5)])).toEqual([]);
  });

  it('take sound within ten minutes as one session, overlapping ones one after the other', () => {
    const close = [session(at(5, 30), 10), session(at(5, 49), 10), session(at(6, 9), 1)];
    expect(over({ sessionsPerDay: 1 }, close)).toEqual([[2, 'policy.too_many_sessions', 2]]);
    const both = [session(at(5, 30), 10), session(at(5, 30), 10)];
    expect(over({ sessionMinutes: 15 }, both)).toEqual([[1, 'policy.session_too_long', 20]]);
  });

  it('leave out what the chairman allowed, and areas that are not meant', () => {
    const free = [session(at(5, 30), 10), session(at(17), 10, { exempt: true }), session(at(18), 10)];
    expect(over({ sessionsPerDay: 2 }, free)).toEqual([]);
    const hamlets = ['ap-1', 'ap-2'].map((id) => session(at(5, 30), 10, { targets: { ...XA, areas: [id] } }));
    expect(over({ sessionsPerDay: 1 }, hamlets)).toEqual([]);
  });

  it('withhold the slots of a session together', () => {
    const of = facts({
      areas: [area('xa', null, rules({ sessionsPerDay: 1 }))],
      announcements: [announcement('a'), announcement('b')],
      programmes: [programme([item('a'), item('b')])],
    });
    const recurrence = { kind: 'weekly' as const, days: [1], times: ['05:30', '17:00'] };
    const made = slotsOn(schedule({ rule: { ...schedule().rule, recurrence } }), of);
    const { slots, withheld } = withinLimits(made, of);
    expect(slots.map(({ startsAt }) => startsAt)).toEqual([at(5, 30), at(5, 31) + 1_000]);
    expect(withheld.map(({ startsAt, code }) => [startsAt, code])).toEqual([
      [at(17), 'policy.too_many_sessions'],
      [at(17, 1) + 1_000, 'policy.too_many_sessions'],
    ]);
  });
});
