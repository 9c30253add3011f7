import type { Instant } from '#kit';
import { SESSION_GAP_MINUTES, type Targets } from '#protocols';
import { dayOf, formatDay } from '../calendar/day-number.ts';
import { localDayNumber } from '../policies/zoned-time.ts';
import type { SlotFacts } from './slot-facts.ts';
import type { MadeSlot, Slots } from './slots.ts';
import type { AreaRule, Refusal, TargetRules } from './target-rules.ts';

const GAP_MS = SESSION_GAP_MINUTES * 60_000;

/** The sound of one occurrence, for the limits of sessions. */
export interface PlannedSession {
  /** Names it among those of one call. */
  readonly sessionId: string;
  readonly startsAt: Instant;
  /** First instant of silence after it, if nothing delays it. */
  readonly endsAt: Instant;
  readonly targets: Targets;
  /** By leave of the chairman: neither bound nor counted. */
  readonly exempt: boolean;
}

/** Whether a policy limits sessions at all. */
export function limitsSessions({ policy }: AreaRule): boolean {
  return policy.sessionsPerDay !== null || policy.sessionMinutes !== null;
}

/**
 * The sessions that break a limit of an area where they would sound, each with the first such limit, naming the area
 * (`policy.too_many_sessions`, `policy.session_too_long`). The sessions of a local day are counted in their order: those that come when the day is full are
 * one too many. Sound within `SESSION_GAP_MINUTES` of the last is the same session, of whichever schedule. Give whole local days. Pure.
 */
export function overLimit(
  sessions: readonly PlannedSession[],
  areaIds: Iterable<string>,
  rules: TargetRules,
): Map<string, Refusal> {
  const steps = overLimitSteps(sessions, areaIds, rules);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same in short steps, for many sessions: others have their turn in between. */
export function* overLimitSteps(
  sessions: readonly PlannedSession[],
  areaIds: Iterable<string>,
  rules: TargetRules,
): Generator<void, Map<string, Refusal>> {
  const groups = new Map<Targets, PlannedSession[]>();
  for (const session of sessions) {
    if (session.exempt) continue;
    const group = groups.get(session.targets);
    if (group === undefined) groups.set(session.targets, [session]);
    else group.push(session);
  }
  const byArea = new Map<string, number[]>();
  const inGroups = [...groups.values()];
  for (const [i, targets] of [...groups.keys()].entries()) {
    for (const areaId of rules.areasOf(targets)) {
      const here = byArea.get(areaId);
      if (here === undefined) byArea.set(areaId, [i]);
      else here.push(i);
    }
    yield;
  }
  const refused = new Map<string, Refusal>();
  const done = new Set<string>();
  for (const areaId of areaIds) {
    const rule = rules.ofArea(areaId);
    if (!limitsSessions(rule)) continue;
    const here = byArea.get(areaId) ?? [];
    // Areas with the same rule and the same sessions have the same answer.
    const key = `${rule.areaId} ${here.join()}`;
    if (done.has(key)) continue;
    done.add(key);
    yield;
    const meant = here
      .flatMap((i) => inGroups[i] ?? [])
      .sort((a, b) => a.startsAt - b.startsAt || (a.sessionId < b.sessionId ? -1 : 1));
    for (const [sessionId, refusal] of overLimitIn(areaId, rule, meant))
      if (!refused.has(sessionId)) refused.set(sessionId, refusal);
  }
  return refused;
}

function overLimitIn(
  area: string,
  { policy, zone }: AreaRule,
  sessions: readonly PlannedSession[],
): Map<string, Refusal> {
  const { sessionsPerDay, sessionMinutes } = policy;
  const mostMs = sessionMinutes === null ? Number.POSITIVE_INFINITY : sessionMinutes * 60_000;
  const refused = new Map<string, Refusal>();
  const begun = new Map<number, number>();
  let last: { readonly startedAt: Instant; endsAt: Instant } | null = null;
  for (const { sessionId, startsAt, endsAt } of sessions) {
    // What overlaps waits for its turn.
    const beginsAt: Instant = last === null ? startsAt : Math.max(startsAt, last.endsAt);
    const until: Instant = beginsAt + endsAt - startsAt;
    if (last !== null && beginsAt - last.endsAt < GAP_MS) {
      const lengthMs = until - last.startedAt;
      if (lengthMs > mostMs) {
        const params = { minutes: Math.ceil(lengthMs / 60_000), area, limit: sessionMinutes };
        refused.set(sessionId, { code: 'policy.session_too_long', params });
      } else last.endsAt = until;
      continue;
    }
    const number = localDayNumber(zone, beginsAt);
    const count = (begun.get(number) ?? 0) + 1;
    if (sessionsPerDay !== null && count > sessionsPerDay) {
      const params = { count, day: formatDay(dayOf(number)), area, limit: sessionsPerDay };
      refused.set(sessionId, { code: 'policy.too_many_sessions', params });
      continue;
    }
    begun.set(number, count);
    last = { startedAt: beginsAt, endsAt: until };
  }
  return refused;
}

/** The sessions that slots belong to. */
export function sessionsOfSlots(slots: readonly MadeSlot[]): PlannedSession[] {
  const sessions = new Map<string, { startsAt: Instant; endsAt: Instant } & PlannedSession>();
  for (const { sessionId, startsAt, airTimeMs, targets, order } of slots) {
    const known = sessions.get(sessionId);
    const endsAt = startsAt + airTimeMs;
    if (known === undefined)
      sessions.set(sessionId, {
        ...{ sessionId, startsAt, endsAt, targets },
        exempt: order.windowOverride !== null,
      });
    else {
      known.startsAt = Math.min(known.startsAt, startsAt);
      known.endsAt = Math.max(known.endsAt, endsAt);
    }
  }
  return [...sessions.values()];
}

/** Withholds what breaks a limit of sessions where it would sound. Give the slots of every schedule, for whole local days. Pure. */
export function withinLimits({ slots, withheld }: Slots, { rules, tree }: SlotFacts): Slots {
  const areaIds = new Set<string>();
  for (const targets of new Set(slots.map((slot) => slot.targets)))
    for (const areaId of rules.areasOf(targets)) if (tree.has(areaId)) areaIds.add(areaId);
  const refused = overLimit(sessionsOfSlots(slots), areaIds, rules);
  if (refused.size === 0) return { slots, withheld };
  const over = slots.flatMap((slot) => {
    const refusal = refused.get(slot.sessionId);
    if (refusal === undefined) return [];
    const { latestStartAt: _, airTimeMs: __, order: ___, ...name } = slot;
    return [{ ...name, ...refusal }];
  });
  return {
    slots: slots.filter(({ sessionId }) => !refused.has(sessionId)),
    withheld: [...withheld, ...over],
  };
}
