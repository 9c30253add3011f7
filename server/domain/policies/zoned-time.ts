import type { Instant } from '#kit';

/** A day of the calendar, without time or zone. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const MINUTE_MS = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether this machine knows an IANA zone of this name. */
export function isZone(zone: string): boolean {
  // Node also takes "+07:00", which names no place and has no history.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}

/** Minutes that local time is ahead of UTC at an instant. */
export function offsetMinutes(zone: string, at: Instant): number {
  const part = wallClock(zone, at);
  return Math.round((part - Math.floor(at / MINUTE_MS) * MINUTE_MS) / MINUTE_MS);
}

/** The day that people in the zone write at an instant. */
export function localDay(zone: string, at: Instant): CalendarDay {
  const date = new Date(wallClock(zone, at));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

export function addDays({ year, month, day }: CalendarDay, days: number): CalendarDay {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** 1 Monday … 7 Sunday. */
export function weekday({ year, month, day }: CalendarDay): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;
}

/**
 * The instant at which the zone's clocks show `minutes` after midnight of a day (1440: the next midnight). Where
 * clocks are put back the first of the two; where they are put forward over it, the instant that follows.
 */
export function instantOf(zone: string, { year, month, day }: CalendarDay, minutes: number): Instant {
  const wall = Date.UTC(year, month - 1, day) + minutes * MINUTE_MS;
  const before = offsetMinutes(zone, wall - 24 * 60 * MINUTE_MS);
  const first = wall - before * MINUTE_MS;
  if (offsetMinutes(zone, first) === before) return first;
  const after = offsetMinutes(zone, wall + 24 * 60 * MINUTE_MS);
  const second = wall - after * MINUTE_MS;
  if (offsetMinutes(zone, second) === after) return second;
  // Never shown: the clocks jump over it, between `second` and `first`.
  let [last, next] = [second, first];
  while (next - last > MINUTE_MS) {
    const middle = last + Math.floor((next - last) / MINUTE_MS / 2) * MINUTE_MS;
    if (offsetMinutes(zone, middle) === before) last = middle;
    else next = middle;
  }
  return next;
}

/** The zone's wall-clock reading, to the minute, as if it were UTC. */
function wallClock(zone: string, at: Instant): number {
  const parts = new Map(
    format(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'));
}

function format(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  formats.set(zone, made);
  return made;
}
