import { type ChangeSpan, DomainError, newId } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import { parseDay } from '../calendar/day-number.ts';
import { instantOf } from '../policies/zoned-time.ts';
import { changed, type ScheduleFields } from './draft.ts';
import type { Schedule } from './schedule.ts';
import {
  cut,
  cutInstant,
  isolate,
  type Pending,
  pendingOf,
  postponed,
  type SeriesCalendar,
  withChange,
} from './series.ts';
import type { SlotFacts } from './slot-facts.ts';

/** A part to be saved; `altered`: it says something else now, and is not only bounded anew. */
export interface SavedPart {
  readonly schedule: Schedule;
  readonly altered: boolean;
}

interface ChangeContext {
  readonly actor: Actor;
  readonly facts: SlotFacts;
  readonly calendar: SeriesCalendar;
}

/**
 * Changes some fields of a series where a span says, splitting parts as needed: what has begun keeps what it was, and broadcast ids stay,
 * since they are of the series. Pure but for new ids. Throws `schedule.no_occurrence`, `schedule.invalid`.
 */
export function changeSeries(
  parts: readonly Schedule[],
  span: ChangeSpan,
  change: ScheduleFields,
  context: ChangeContext,
): SavedPart[] {
  const { calendar } = context;
  if (span.kind === 'one') return changeOne(pendingOf(parts, span.originalAt, calendar), change, context);
  if (span.kind === 'all') return changeFrom(parts, Math.ceil(calendar.now), change, context, true);
  const pending = pendingOf(parts, span.originalAt, calendar);
  const at = cutInstant(pending, change.recurrence !== undefined, calendar);
  return changeFrom(parts, at, change, context, false);
}

function changeFrom(
  parts: readonly Schedule[],
  at: number,
  change: ScheduleFields,
  context: ChangeContext,
  withPostponed: boolean,
): SavedPart[] {
  const { calendar } = context;
  const saved: SavedPart[] = [];
  let reached = at;
  for (const part of inOrder(parts)) {
    const { before, after: rest } = cut(part, at, calendar, freshId(calendar));
    // Splits leave out what the old recurrence had nothing in; the new one may have.
    const after = change.recurrence === undefined ? rest : rest && beginningBy(rest, reached);
    reached = Math.max(reached, part.rule.beforeInstant ?? reached);
    const late = withPostponed && before !== null ? postponed(before, at, calendar) : [];
    saved.push(...changeLate(before, late, change, context));
    if (before !== null && after !== null && late.length === 0) saved.push(bounded(before, calendar));
    if (after !== null) saved.push(altered(after, change, context));
  }
  return saved;
}

function inOrder(parts: readonly Schedule[]): Schedule[] {
  const from = ({ rule }: Schedule) => rule.fromInstant ?? Number.NEGATIVE_INFINITY;
  return [...parts].sort((a, b) => (from(a) < from(b) ? -1 : Number(from(a) > from(b))));
}

function beginningBy(part: Schedule, at: number): Schedule {
  const { fromInstant } = part.rule;
  if (fromInstant === null || fromInstant <= at) return part;
  return { ...part, rule: { ...part.rule, fromInstant: at } };
}

/** What was postponed and has not begun changes too, each for itself. */
function changeLate(
  part: Schedule | null,
  originals: readonly number[],
  change: ScheduleFields,
  context: ChangeContext,
): SavedPart[] {
  let rest = part === null ? [] : [part];
  const ones: SavedPart[] = [];
  // Their hour is theirs: a new recurrence has others.
  const { recurrence: _, fromDay: __, untilDay: ___, ...fields } = change;
  for (const originalAt of originals) {
    const found = pendingOf(rest, originalAt, context.calendar);
    const split = isolate(found, context.calendar, freshId(context.calendar));
    rest = [...rest.filter(({ id }) => id !== found.part.id), ...split.rest];
    ones.push(altered(split.one, fields, context));
  }
  if (originals.length === 0) return [];
  return [...rest.map((one) => bounded(one, context.calendar)), ...ones];
}

function changeOne(pending: Pending, change: ScheduleFields, context: ChangeContext): SavedPart[] {
  const { calendar } = context;
  const { recurrence, fromDay: _, untilDay: __, ...fields } = change;
  const { rest, one } = isolate(pending, calendar, freshId(calendar));
  const saved = altered(movedTo(one, pending, recurrence, context), fields, context);
  return [...rest.map((part) => bounded(part, calendar)), saved];
}

/** One occurrence can only be put to one other moment. */
function movedTo(
  one: Schedule,
  { originalAt }: Pending,
  recurrence: ScheduleFields['recurrence'],
  { actor, calendar: { zone, now } }: ChangeContext,
): Schedule {
  if (recurrence === undefined) return one;
  const day = recurrence.kind === 'once' ? parseDay(recurrence.day) : undefined;
  if (recurrence.kind !== 'once' || day === undefined)
    throw new DomainError('schedule.invalid', {
      reason: 'one occurrence begins at one moment: expected a recurrence "once" on a day of the calendar',
    });
  const [hours = 0, minutes = 0, seconds = 0] = recurrence.time.split(':').map(Number);
  const startsAt = instantOf(zone, day, hours * 60 + minutes + seconds / 60);
  if (startsAt <= now)
    throw new DomainError('broadcast.starts_in_past', { startsAt: new Date(startsAt).toISOString() });
  const move = { kind: 'move' as const, originalAt, startsAt, by: actor.name, reason: '' };
  return withChange(one, originalAt, startsAt === originalAt ? null : move);
}

function altered(
  part: Schedule,
  change: ScheduleFields,
  { actor, facts, calendar }: ChangeContext,
): SavedPart {
  return { schedule: changed(part, change, actor, calendar.now, facts), altered: true };
}

function bounded(part: Schedule, { now }: SeriesCalendar): SavedPart {
  return { schedule: { ...part, updatedAt: now }, altered: false };
}

function freshId({ now }: SeriesCalendar): () => string {
  return () => newId('sch', now);
}
