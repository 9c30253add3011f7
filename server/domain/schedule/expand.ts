import type { Instant } from '#kit';
import type { OccurrenceChange, ScheduleRule } from '#protocols';
import { dayOf, formatDay } from '../calendar/day-number.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { localDayNumber } from '../policies/zoned-time.ts';
import { originalsOf } from './originals.ts';

/** One airing of a schedule. */
export interface Occurrence {
  /** Where the rule puts it: its name for ever, whatever is changed. */
  readonly originalAt: Instant;
  /** Where it begins now. */
  readonly startsAt: Instant;
  /** The local day of `startsAt`, "YYYY-MM-DD". */
  readonly day: string;
  /** The change that moved it; null where it is where the rule puts it. */
  readonly change: Extract<OccurrenceChange, { kind: 'move' }> | null;
}

/** A slot of the rule at which nothing begins, and the change that says why: it is skipped, or begins elsewhere. */
export interface Omission {
  readonly originalAt: Instant;
  /** The local day of `originalAt`, "YYYY-MM-DD". */
  readonly day: string;
  readonly change: OccurrenceChange;
}

export interface Expansion {
  /** Those that begin in the range, by `startsAt`, then `originalAt`. */
  readonly occurrences: readonly Occurrence[];
  /** Those whose original instant lies in the range, by it. */
  readonly omissions: readonly Omission[];
}

/**
 * The occurrences of a rule that begin in [from, to), by `startsAt`, then `originalAt`. Wall times become instants as
 * `instantOf` says: a reading that the clocks jump over is the instant that follows, one that is shown twice is the
 * first; wall times that become one instant are one occurrence. A moved one is found where it now begins, however far
 * that is from its slot; a change that names no slot of the rule does nothing. Of several changes to one slot a skip
 * holds, else the latest start. Throws `schedule.invalid` as `checkRule` does.
 */
export function expandRule(
  rule: ScheduleRule,
  zone: string,
  holidays: HolidayTable,
  from: Instant,
  to: Instant,
): Occurrence[] {
  return [...explainRule(rule, zone, holidays, from, to).occurrences];
}

/** As `expandRule`, and with it the slots of the range at which nothing begins, each with the change that says why. */
export function explainRule(
  rule: ScheduleRule,
  zone: string,
  holidays: HolidayTable,
  from: Instant,
  to: Instant,
): Expansion {
  const originals = originalsOf(rule, zone, holidays);
  const changes = changesBySlot(rule.changes);
  const dayText = dayWriter(rule.zone ?? zone);
  const occurrences: Occurrence[] = [];
  const omissions: Omission[] = [];
  for (const originalAt of originals(from, to)) {
    const change = changes.get(originalAt);
    const day = dayText(originalAt);
    if (change === undefined) occurrences.push({ originalAt, startsAt: originalAt, day, change: null });
    else omissions.push({ originalAt, day, change });
  }
  let moved = false;
  for (const change of changes.values()) {
    if (change.kind !== 'move' || change.startsAt < from || change.startsAt >= to) continue;
    const { originalAt, startsAt } = change;
    if (originals(originalAt, originalAt + 1).length === 0) continue;
    occurrences.push({ originalAt, startsAt, day: dayText(startsAt), change });
    moved = true;
  }
  if (moved) occurrences.sort((a, b) => a.startsAt - b.startsAt || a.originalAt - b.originalAt);
  return { occurrences, omissions };
}

/** Writes the local day of an instant; neighbours mostly share it. */
function dayWriter(zone: string): (at: Instant) => string {
  let [last, text] = [Number.NaN, ''];
  return (at) => {
    const number = localDayNumber(zone, at);
    if (number !== last) [last, text] = [number, formatDay(dayOf(number))];
    return text;
  };
}

function changesBySlot(changes: readonly OccurrenceChange[]): Map<Instant, OccurrenceChange> {
  const bySlot = new Map<Instant, OccurrenceChange>();
  for (const change of changes) {
    const held = bySlot.get(change.originalAt);
    if (held === undefined || outranks(change, held)) bySlot.set(change.originalAt, change);
  }
  return bySlot;
}

/** A total order, so that the order in which changes are stored never matters. */
function outranks(a: OccurrenceChange, b: OccurrenceChange): boolean {
  if (a.kind !== b.kind) return a.kind === 'skip';
  if (a.kind === 'move' && b.kind === 'move' && a.startsAt !== b.startsAt) return a.startsAt > b.startsAt;
  return a.by === b.by ? a.reason > b.reason : a.by > b.by;
}
