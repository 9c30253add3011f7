import type { Instant, Milliseconds } from '#kit';

/** A day of the calendar, without time or zone. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What the clocks of a zone do within one day of UTC: no zone has changed them twice in one. */
interface OffsetDay {
  readonly before: Milliseconds;
  readonly after: Milliseconds;
  /** First instant that has the offset `after`. */
  readonly changesAt: Instant;
}

interface ZoneClock {
  readonly format: Intl.DateTimeFormat;
  /** By days since 1970 in UTC: asking Intl takes a thousand times as long as looking it up. */
  readonly days: Map<number, OffsetDay>;
}

/** Days that are remembered per zone, about 50 years: enough for every plan, and an end to what odd requests can fill. */
const MOST_DAYS = 20_000;
const LAST_INSTANT: Instant = 8_640_000_000_000_000;

const clocks = new Map<string, ZoneClock>();

/** Whether this machine knows an IANA zone of this name. */
export function isZone(zone: string): boolean {
  // Node also takes "+07:00", which names no place and has no history.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** Minutes that local time is ahead of UTC at an instant. */
export function offsetMinutes(zone: string, at: Instant): number {
  return Math.round(offsetAt(clockOf(zone), at) / MINUTE_MS);
}

/** The day that people in the zone write at an instant. */
export function localDay(zone: string, at: Instant): CalendarDay {
  const date = new Date(at + offsetAt(clockOf(zone), at));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** A day as people here write it, "06/01/2026". */
export function writtenDay({ year, month, day }: CalendarDay): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(day)}/${two(month)}/${year}`;
}

/** The same day, in days since 1970-01-01. */
export function localDayNumber(zone: string, at: Instant): number {
  return Math.floor((at + offsetAt(clockOf(zone), at)) / DAY_MS);
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
 * The instant at which the zone's clocks show `minutes` after midnight of a day (1440: the next midnight; fractions
 * count, to the millisecond). Where clocks are put back the first of the two; where they are put forward over it, the
 * instant that follows.
 */
export function instantOf(zone: string, { year, month, day }: CalendarDay, minutes: number): Instant {
  const clock = clockOf(zone);
  const wall = Date.UTC(year, month - 1, day) + Math.round(minutes * MINUTE_MS);
  const before = offsetAt(clock, wall - DAY_MS);
  const first = wall - before;
  if (offsetAt(clock, first) === before) return first;
  const after = offsetAt(clock, wall + DAY_MS);
  const second = wall - after;
  if (offsetAt(clock, second) === after) return second;
  // Never shown: the clocks jump over it, between `second` and `first`.
  return firstInstant(second, first, (at) => offsetAt(clock, at) !== before);
}

/** Milliseconds that local time is ahead of UTC at an instant. */
function offsetAt(clock: ZoneClock, at: Instant): Milliseconds {
  const index = Math.floor(at / DAY_MS);
  let day = clock.days.get(index);
  if (day === undefined) {
    day = readDay(clock.format, index);
    if (clock.days.size >= MOST_DAYS) clock.days.clear();
    clock.days.set(index, day);
  }
  return at < day.changesAt ? day.before : day.after;
}

function readDay(format: Intl.DateTimeFormat, index: number): OffsetDay {
  const [from, to] = [index * DAY_MS, Math.min((index + 1) * DAY_MS, LAST_INSTANT)];
  const [before, after] = [readOffset(format, from), readOffset(format, to)];
  if (before === after) return { before, after, changesAt: to };
  return { before, after, changesAt: firstInstant(from, to, (at) => readOffset(format, at) !== before) };
}

/** The first whole second after `from` where `changed` holds; it holds at `to` and not at `from`, and never ends in between. */
function firstInstant(from: Instant, to: Instant, changed: (at: Instant) => boolean): Instant {
  let [last, next] = [Math.floor(from / SECOND_MS), Math.ceil(to / SECOND_MS)];
  while (next - last > 1) {
    const middle = Math.floor((last + next) / 2);
    if (changed(middle * SECOND_MS)) next = middle;
    else last = middle;
  }
  return next * SECOND_MS;
}

/** The zone's wall-clock reading, taken as if it were UTC, less UTC. */
function readOffset(format: Intl.DateTimeFormat, at: Instant): Milliseconds {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return wall - Math.floor(at / SECOND_MS) * SECOND_MS;
}

function clockOf(zone: string): ZoneClock {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const made = { format, days: new Map<number, OffsetDay>() };
  clocks.set(zone, made);
  return made;
}
