import type { Instant } from '#kit';
import { countsForSessions, limitsSessions, SESSION_GAP_MINUTES, type Targets } from '#protocols';
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
  /** An emergency, or by leave of the chairman: neither bound nor counted. */
  readonly exempt: boolean;
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
  return yield* overLimitGroups(groupsOf(sessions), areaIds, rules);
}

/** Sessions that are for the same targets. */
export interface SessionGroup {
  readonly targets: Targets;
  readonly sessions: readonly PlannedSession[];
}

const grouped = new WeakMap<readonly PlannedSession[], readonly SessionGroup[]>();

/** Sessions by whom they are for: of the same array the same groups. */
export function groupsOf(sessions: readonly PlannedSession[]): readonly SessionGroup[] {
  const known = grouped.get(sessions);
  if (known !== undefined) return known;
  const byTargets = new Map<Targets, PlannedSession[]>();
  for (const session of sessions) {
    const group = byTargets.get(session.targets);
    if (group === undefined) byTargets.set(session.targets, [session]);
    else group.push(session);
  }
  const groups = [...byTargets].map(([targets, ofGroup]) => ({ targets, sessions: ofGroup }));
  grouped.set(sessions, groups);
  return groups;
}

/** What was found by area, for the next time: an area of which neither the rule nor the sessions (as arrays) have changed is not counted again. */
export type LimitMemo = Map<
  string,
  {
    readonly rule: AreaRule;
    readonly meant: readonly (readonly PlannedSession[])[];
    readonly refused: ReadonlyMap<string, Refusal>;
    /** All that counts there, by start. */
    readonly inOrder: readonly PlannedSession[];
  }
>;

type MemoEntry = LimitMemo extends Map<string, infer Entry> ? Entry : never;

/** The same for sessions that are grouped already. `areaIds` null: everywhere that any of them is for. */
export function* overLimitGroups(
  groups: readonly SessionGroup[],
  areaIds: Iterable<string> | null,
  rules: TargetRules,
  memo: LimitMemo = new Map(),
): Generator<void, Map<string, Refusal>> {
  const byArea = new Map<string, number[]>();
  for (const [i, { targets, sessions }] of groups.entries()) {
    if (sessions.every(({ exempt }) => exempt)) continue;
    for (const areaId of rules.areasOf(targets)) {
      const here = byArea.get(areaId);
      if (here === undefined) byArea.set(areaId, [i]);
      else here.push(i);
    }
    yield;
  }
  const refused = new Map<string, Refusal>();
  const done = new Set<string>();
  let last: Pick<MemoEntry, 'meant' | 'inOrder'> = { meant: [], inOrder: [] };
  for (const areaId of areaIds ?? byArea.keys()) {
    const rule = rules.ofArea(areaId);
    if (!limitsSessions(rule)) continue;
    const here = byArea.get(areaId) ?? [];
    // Areas with the same rule and the same sessions have the same answer.
    const key = `${rule.areaId} ${here.join()}`;
    if (done.has(key)) continue;
    done.add(key);
    yield;
    const meant = here.map((i) => groups[i]?.sessions ?? []);
    const before = memo.get(areaId);
    const same =
      before?.rule === rule &&
      before.meant.length === meant.length &&
      before.meant.every((sessions, i) => sessions === meant[i]);
    let found = before?.refused;
    if (!same || found === undefined) {
      const inOrder = ordered(meant, before ?? last);
      yield;
      found = overLimitIn(areaId, rule, inOrder);
      last = { meant, inOrder };
      memo.set(areaId, { rule, refused: found, ...last });
    }
    for (const [sessionId, refusal] of found) if (!refused.has(sessionId)) refused.set(sessionId, refusal);
  }
  return refused;
}

/** Sessions by start, from a list that is in order and much the same: that of the time before, or of the area beside it. */
function ordered(
  meant: readonly (readonly PlannedSession[])[],
  near: Pick<MemoEntry, 'meant' | 'inOrder'>,
): PlannedSession[] {
  const [now, then] = [new Set(meant), new Set(near.meant)];
  const gone = new Set(near.meant.flatMap((sessions) => (now.has(sessions) ? [] : sessions)));
  const added = meant
    .flatMap((sessions) => (then.has(sessions) ? [] : sessions))
    .filter(({ exempt }) => !exempt)
    .sort(byStart);
  const merged: PlannedSession[] = [];
  let at = 0;
  for (const session of near.inOrder) {
    if (gone.has(session)) continue;
    for (let next = added[at]; next !== undefined && byStart(next, session) < 0; next = added[at]) {
      merged.push(next);
      at += 1;
    }
    merged.push(session);
  }
  for (const session of added.slice(at)) merged.push(session);
  return merged;
}

function byStart(a: PlannedSession, b: PlannedSession): number {
  return a.startsAt - b.startsAt || (a.sessionId < b.sessionId ? -1 : 1);
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
  const sessions = new Map<
    string,
    { startsAt: Instant; endsAt: Instant; targets: Targets } & PlannedSession
  >();
  for (const { sessionId, startsAt, airTimeMs, targets, asked, order } of slots) {
    const known = sessions.get(sessionId);
    const endsAt = startsAt + airTimeMs;
    if (known === undefined)
      sessions.set(sessionId, {
        ...{ sessionId, startsAt, endsAt, targets },
        exempt: !countsForSessions(order),
      });
    else {
      known.startsAt = Math.min(known.startsAt, startsAt);
      known.endsAt = Math.max(known.endsAt, endsAt);
      // Its items sound in different places: it counts wherever it was asked for.
      if (known.targets !== targets) known.targets = asked;
    }
  }
  return [...sessions.values()];
}

/** Withholds what breaks a limit of sessions where it would sound. Give the slots of every schedule, for whole local days. Pure. */
export function withinLimits(made: Slots, { rules, tree }: SlotFacts): Slots {
  const areaIds = new Set<string>();
  for (const targets of new Set(made.slots.map((slot) => slot.targets)))
    for (const areaId of rules.areasOf(targets)) if (tree.has(areaId)) areaIds.add(areaId);
  return withholdRefused(made, overLimit(sessionsOfSlots(made.slots), areaIds, rules));
}

/** Moves the slots of refused sessions to what is withheld. Pure. */
export function withholdRefused({ slots, withheld }: Slots, refused: ReadonlyMap<string, Refusal>): Slots {
  if (refused.size === 0) return { slots, withheld };
  const over = slots.flatMap((slot) => {
    const refusal = refused.get(slot.sessionId);
    if (refusal === undefined) return [];
    const { latestStartAt: _, airTimeMs: __, order: ___, asked: ____, insteadOf: _____, ...name } = slot;
    return [{ ...name, ...refusal }];
  });
  return {
    slots: slots.filter(({ sessionId }) => !refused.has(sessionId)),
    withheld: [...withheld, ...over],
  };
}

/** What is known of a slot that was planned once. */
export interface PlannedBefore {
  readonly scopes: readonly string[];
  readonly withdrawnAt: number | null;
  readonly issuedAt: number | null;
}

/**
 * Whether a session counts for the limits: what was never in a plan because its time was over before anybody asked for it does not, nor what a
 * person took back for good. The plan and the calendar ask the same.
 */
export function countsInPlan(
  startsAt: Instant,
  askedAt: Instant,
  planned: PlannedBefore | undefined,
): boolean {
  if (planned === undefined) return startsAt >= askedAt;
  if (planned.scopes.length === 0) return false;
  return planned.withdrawnAt === null || (planned.issuedAt === null && startsAt >= askedAt);
}
