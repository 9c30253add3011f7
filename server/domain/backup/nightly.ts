import type { Instant } from '#kit';
import { addDays, type CalendarDay, instantOf, localDay } from '../policies/zoned-time.ts';

/** After a failure the next attempt waits this long. */
const RETRY_MS = 3_600_000;

/** Minutes after midnight of "HH:MM". */
function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** The nightly instant that was last due, at or before `now`. */
export function lastNightly(zone: string, time: string, now: Instant): Instant {
  const today = localDay(zone, now);
  const at = (day: CalendarDay) => instantOf(zone, day, minutesOf(time));
  return at(today) <= now ? at(today) : at(addDays(today, -1));
}

/** The first nightly instant after `now`. */
export function nextNightly(zone: string, time: string, now: Instant): Instant {
  const today = localDay(zone, now);
  const at = (day: CalendarDay) => instantOf(zone, day, minutesOf(time));
  return at(today) > now ? at(today) : at(addDays(today, 1));
}

/** What earlier runs say about whether one is due. */
export interface Attempts {
  /** Start of the newest run that succeeded; null: none. */
  readonly succeededAt: Instant | null;
  /** Start of the newest run of any kind. */
  readonly attemptedAt: Instant | null;
}

/** Whether the nightly backup is to run now: also one that was missed because the box was off; an hour after one that failed. */
export function isNightlyDue(
  zone: string,
  time: string,
  { succeededAt, attemptedAt }: Attempts,
  now: Instant,
): boolean {
  const due = lastNightly(zone, time, now);
  if (succeededAt !== null && succeededAt >= due) return false;
  // A clock that was put back must not hold backups up until it is there again.
  const waiting = attemptedAt !== null && attemptedAt >= due && attemptedAt <= now;
  return !waiting || now - attemptedAt >= RETRY_MS;
}
