import type { Instant } from '#kit';
import { DomainError, type OccurrenceChange } from '#protocols';
import type { HolidayTable } from '../calendar/holiday.ts';
import { instantOf, localDay } from '../policies/zoned-time.ts';
import { originalsIfAny } from './originals.ts';
import type { Schedule } from './schedule.ts';

/** What the calendar of a series depends on. */
export interface SeriesCalendar {
  readonly zone: string;
  readonly holidays: HolidayTable;
  readonly now: Instant;
}

/** An occurrence that has not begun: the part of the series that it is of, and where it begins; null: it is left out. */
export interface Pending {
  readonly part: Schedule;
  readonly originalAt: Instant;
  readonly startsAt: Instant | null;
}

/** Finds an occurrence of a series that has not begun yet. Throws `schedule.no_occurrence`. */
export function pendingOf(
  parts: readonly Schedule[],
  originalAt: Instant,
  calendar: SeriesCalendar,
): Pending {
  const part = parts.find(
    (one) => one.deletedAt === null && covers(one, originalAt) && hasOriginal(one, originalAt, calendar),
  );
  const change = part?.rule.changes.find((one) => one.originalAt === originalAt);
  const startsAt = change?.kind === 'move' ? change.startsAt : originalAt;
  if (part === undefined || startsAt <= calendar.now)
    throw new DomainError('schedule.no_occurrence', {
      id: parts[0]?.id ?? '',
      originalAt: new Date(originalAt).toISOString(),
    });
  return { part, originalAt, startsAt: change?.kind === 'skip' ? null : startsAt };
}

/** Single changes still to come of `before` whose occurrence no part of `after` has any more: what they left out or moved is not held back. */
export function orphaned(
  before: readonly Schedule[],
  after: readonly Schedule[],
  calendar: SeriesCalendar,
): OccurrenceChange[] {
  const has = (parts: readonly Schedule[], originalAt: Instant) =>
    parts.some((one) => covers(one, originalAt) && hasOriginal(one, originalAt, calendar));
  return before
    .flatMap(({ rule }) => rule.changes)
    .filter(
      ({ originalAt }) => originalAt > calendar.now && has(before, originalAt) && !has(after, originalAt),
    )
    .sort((a, b) => a.originalAt - b.originalAt);
}

/** Puts a change in the place of whatever was changed of that occurrence; null takes it back. */
export function withChange(part: Schedule, originalAt: Instant, change: OccurrenceChange | null): Schedule {
  const others = part.rule.changes.filter((one) => one.originalAt !== originalAt);
  return { ...part, rule: { ...part.rule, changes: change === null ? others : [...others, change] } };
}

/** A part of a series on both sides of an instant; null: nothing of it can lie there. */
export interface Cut {
  readonly before: Schedule | null;
  readonly after: Schedule | null;
}

/** Cuts a part at an instant of its original instants. The earlier half keeps the id; where nothing can have been before, the later is the part itself. */
export function cut(part: Schedule, at: Instant, calendar: SeriesCalendar, newId: () => string): Cut {
  const { fromInstant, beforeInstant } = part.rule;
  if (beforeInstant !== null && beforeInstant <= at) return { before: part, after: null };
  if (fromInstant !== null && fromInstant >= at) return { before: null, after: part };
  if (
    fromInstant !== null &&
    originals(part, calendar)(fromInstant, at).length === 0 &&
    !movedEarlier(part, at)
  )
    return { before: null, after: { ...part, rule: { ...part.rule, fromInstant: at } } };
  return {
    before: bounded(part, { beforeInstant: at }),
    after: { ...bounded(part, { fromInstant: at }), id: newId() },
  };
}

/** Splits one occurrence off: what is left keeps the id. */
export function isolate(
  { part, originalAt }: Pending,
  calendar: SeriesCalendar,
  newId: () => string,
): { readonly rest: readonly Schedule[]; readonly one: Schedule } {
  const { before, after: from } = cut(part, originalAt, calendar, newId);
  const { before: one, after } = cut(from ?? part, originalAt + 1, calendar, newId);
  if (one === null) throw new Error('an occurrence that was found cannot be split off');
  if (before !== null) return { rest: after === null ? [before] : [before, after], one };
  // Nothing was before it: the part itself goes on after it.
  if (after === null) return { rest: [], one };
  return { rest: [{ ...after, id: one.id }], one: { ...one, id: after.id } };
}

/**
 * Where "this and following" cuts. With another recurrence the new one holds for what is left of that local day, back to the
 * occurrence before: a session put earlier is still one of this day.
 */
export function cutInstant(
  { part, originalAt }: Pending,
  newRecurrence: boolean,
  calendar: SeriesCalendar,
): Instant {
  if (!newRecurrence) return originalAt;
  const { zone, now } = calendar;
  const midnight = instantOf(zone, localDay(zone, originalAt), 0);
  const earlier = originals(part, calendar)(midnight, originalAt).at(-1);
  const from = Math.max(midnight, (earlier ?? midnight - 1) + 1, Math.ceil(now));
  return Math.min(originalAt, Math.max(from, part.rule.fromInstant ?? from));
}

/** Occurrences from before `at` that were postponed and have not begun. */
export function postponed(part: Schedule, at: Instant, { now }: SeriesCalendar): Instant[] {
  return part.rule.changes
    .filter((change) => change.kind === 'move' && change.originalAt < at && change.startsAt > now)
    .map(({ originalAt }) => originalAt);
}

/** Whether anything of a part still lies ahead, as far as `until`. */
export function hasAhead(part: Schedule, calendar: SeriesCalendar, until: Instant): boolean {
  return (
    originals(part, calendar)(Math.ceil(calendar.now), until).length > 0 ||
    postponed(part, until, calendar).length > 0
  );
}

function movedEarlier({ rule }: Schedule, at: Instant): boolean {
  return rule.changes.some(({ originalAt }) => originalAt < at);
}

function bounded(
  part: Schedule,
  bounds: { readonly fromInstant?: Instant; readonly beforeInstant?: Instant },
): Schedule {
  const rule = { ...part.rule, ...bounds };
  const changes = rule.changes.filter(({ originalAt }) => covers({ rule }, originalAt));
  return { ...part, rule: { ...rule, changes } };
}

function covers({ rule }: Pick<Schedule, 'rule'>, originalAt: Instant): boolean {
  const { fromInstant, beforeInstant } = rule;
  return (
    (fromInstant === null || fromInstant <= originalAt) &&
    (beforeInstant === null || originalAt < beforeInstant)
  );
}

function hasOriginal(part: Schedule, originalAt: Instant, calendar: SeriesCalendar): boolean {
  return originals(part, calendar)(originalAt, originalAt + 1).length > 0;
}

function originals({ rule }: Schedule, { zone, holidays }: SeriesCalendar) {
  return originalsIfAny(rule, zone, holidays);
}
