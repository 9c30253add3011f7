import type { Instant } from '#kit';
import { newId, type OccurrenceChange } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { dayOf } from '../calendar/day-number.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { instantOf, offsetMinutes } from '../policies/zoned-time.ts';
import type { Transaction } from '../unit-of-work.ts';
import { mayBeginFrom } from './ended.ts';
import type { Schedule } from './schedule.ts';
import { cut } from './series.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Other clocks for a schedule. */
export interface ZoneChange {
  readonly from: string;
  readonly to: string;
  readonly holidays: HolidayTable;
  readonly now: Instant;
}

/** Lets the schedules of these areas follow where the second tree gives them another zone. Gives how many parts of series were written. */
export async function followZones(
  tx: Transaction,
  areaIds: Iterable<string>,
  trees: { readonly before: AreaTree; readonly after: AreaTree },
  { holidays, now }: Pick<ZoneChange, 'holidays' | 'now'>,
): Promise<number> {
  const moved = [...areaIds].filter((id) => trees.before.zoneOf(id) !== trees.after.zoneOf(id));
  let count = 0;
  for (const schedule of await tx.schedules.list(moved, { deleted: true })) {
    const { areaId } = schedule;
    const [from, to] = [trees.before.zoneOf(areaId), trees.after.zoneOf(areaId)];
    for (const part of inOtherZone(schedule, { from, to, holidays, now: Math.ceil(now) })) {
      await tx.schedules.save(part);
      count += 1;
    }
  }
  return count;
}

/**
 * The parts that a part of a series becomes when its area's clocks are changed now. What has begun keeps the old zone, and so its broadcast
 * ids; what is ahead keeps its wall time, skips and postponements too. Where clocks go back, wall times that have been are not had
 * again; where they go forward, those that they jump over are not had. Pure but for new ids.
 */
export function inOtherZone(schedule: Schedule, change: ZoneChange): Schedule[] {
  const { from, to, holidays, now } = change;
  // What was left behind by an earlier change stays behind.
  if (schedule.rule.zone !== undefined) return [];
  const past: Schedule = { ...schedule, rule: { ...schedule.rule, zone: from } };
  if (schedule.deletedAt !== null || !mayBeginFrom(schedule, now)) return [past];
  const wall = (at: Instant) => sameReading(at, from, to);
  const ahead = (at: Instant) => (at > now && wall(at) > now ? wall(at) : at);
  const { before, after } = cut(schedule, now, { zone: from, holidays, now }, () => newId('sch', now));
  const parts: Schedule[] = [];
  if (before !== null) {
    const changes = before.rule.changes.map((one) => startingAt(one, ahead));
    parts.push({ ...before, rule: { ...before.rule, changes, zone: from }, updatedAt: now });
  }
  if (after === null) return parts;
  const { rule } = after;
  const fromInstant = Math.max(now, wall(rule.fromInstant ?? now));
  const beforeInstant = rule.beforeInstant === null ? null : wall(rule.beforeInstant);
  const named = rule.changes.map((one) => ({ one, originalAt: wall(one.originalAt) }));
  for (const { one, originalAt } of named)
    if (one.kind === 'move' && originalAt < fromInstant) parts.push(alone(schedule, one, ahead, change));
  if (beforeInstant !== null && beforeInstant <= fromInstant)
    return before === null ? [past, ...parts] : parts;
  const changes = named
    .filter(({ originalAt }) => originalAt >= fromInstant)
    .map(({ one, originalAt }) => ({ ...startingAt(one, ahead), originalAt }));
  parts.push({ ...after, rule: { ...rule, fromInstant, beforeInstant, changes }, updatedAt: now });
  return parts;
}

/** A postponed occurrence whose wall time the new clocks have jumped over: a series of its own. */
function alone(
  schedule: Schedule,
  one: OccurrenceChange,
  ahead: (at: Instant) => Instant,
  { from, now }: ZoneChange,
): Schedule {
  const { originalAt } = one;
  const bounds = { fromInstant: originalAt, beforeInstant: originalAt + 1 };
  const rule = { ...schedule.rule, ...bounds, changes: [startingAt(one, ahead)], zone: from };
  return { ...schedule, id: newId('sch', now), seriesId: newId('ser', now), rule, updatedAt: now };
}

function startingAt(change: OccurrenceChange, ahead: (at: Instant) => Instant): OccurrenceChange {
  return change.kind === 'move' ? { ...change, startsAt: ahead(change.startsAt) } : change;
}

/** The instant at which the clocks of `to` show what those of `from` show at `at`. */
function sameReading(at: Instant, from: string, to: string): Instant {
  const reading = at + offsetMinutes(from, at) * MINUTE_MS;
  const day = Math.floor(reading / DAY_MS);
  return instantOf(to, dayOf(day), (reading - day * DAY_MS) / MINUTE_MS);
}
