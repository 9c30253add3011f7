import type { Instant, Milliseconds } from '#kit';
import { countsForSessions, limitsSessions, type PlayOrder, type Targets } from '#protocols';
import type { StoredSlot } from '../plans/plan.ts';
import { readLine } from '../plans/slot-line.ts';
import { overLimit, type PlannedSession } from '../schedule/session-limits.ts';
import type { Refusal, TargetRules } from '../schedule/target-rules.ts';
import type { Stores } from '../unit-of-work.ts';
import { endOf, orderOf } from './aired.ts';

/** Whole local days around an instant, wherever in the world they are. */
const AROUND_MS = 2 * 24 * 3_600_000;

export interface SessionRoomOptions {
  readonly read: Stores;
  readonly rules: TargetRules;
  /** The slots of the plan that begin in [from, to); from memory. */
  readonly planned: (from: Instant, to: Instant) => readonly StoredSlot[];
  readonly now: Instant;
  /** Did not sound where it is to be made good: it takes up no session there. */
  readonly without: string | null;
}

/**
 * Says whether one more airing of `lengthMs` for these loudspeakers keeps the limits of sessions of where they stand, beside all that is planned or
 * was ordered on the same days, and takes nobody else's place; the first limit that it would break, or null.
 */
export async function sessionRoom(
  targets: Targets,
  lengthMs: Milliseconds,
  options: SessionRoomOptions,
): Promise<(startsAt: Instant) => Refusal | null> {
  const { rules } = options;
  const areaIds = [...rules.areasOf(targets)].filter((id) => limitsSessions(rules.ofArea(id)));
  if (areaIds.length === 0) return () => null;
  const sessions = await sessionsAround(new Set(areaIds), options);
  const before = overLimit(sessions, areaIds, rules);
  return (startsAt) => {
    const endsAt = startsAt + lengthMs;
    const own: PlannedSession = { sessionId: 'one more', startsAt, endsAt, targets, exempt: false };
    for (const [sessionId, refusal] of overLimit([...sessions, own], areaIds, rules))
      if (!before.has(sessionId)) return refusal;
    return null;
  };
}

async function sessionsAround(
  areaIds: ReadonlySet<string>,
  { read, rules, planned, now, without }: SessionRoomOptions,
): Promise<PlannedSession[]> {
  const [from, to] = [now - AROUND_MS, now + AROUND_MS];
  const found = new Map<string, PlannedSession>();
  const add = (sessionId: string, targets: Targets, order: PlayOrder) => {
    if (![...rules.areasOf(targets)].some((id) => areaIds.has(id))) return;
    const known = found.get(sessionId);
    const endsAt = endOf(order);
    found.set(sessionId, {
      ...{ sessionId, targets, exempt: !countsForSessions(order) },
      startsAt: Math.min(order.startsAt, known?.startsAt ?? order.startsAt),
      endsAt: Math.max(endsAt, known?.endsAt ?? endsAt),
    });
  };
  for (const { broadcastId, sessionId, line } of planned(from, to)) {
    if (broadcastId === without) continue;
    const order = readLine(line);
    add(sessionId, order.targets, order);
  }
  for (const { id, targets } of await read.broadcasts.ordered(from, to)) {
    const order = id === without ? null : await orderOf(read, id);
    if (order !== null) add(id, targets, order);
  }
  return [...found.values()];
}
