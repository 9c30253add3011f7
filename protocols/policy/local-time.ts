import type { LocalRules } from './local-rules.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The offsets of rules: minutes that local time is ahead of UTC, from each instant on. Ascending. */
export type Offsets = LocalRules['offsets'];

/** Minutes that local time is ahead of UTC at an instant; before the first offset, that one. */
export function offsetAt(offsets: Offsets, instant: number): number {
  for (let i = offsets.length - 1; i > 0; i--) {
    const offset = offsets[i];
    if (offset !== undefined && offset.from <= instant) return offset.minutes;
  }
  return offsets[0]?.minutes ?? 0;
}

/** Days since 1970-01-01 of the local calendar at an instant. */
export function dayNumberAt(offsets: Offsets, instant: number): number {
  return Math.floor((instant + offsetAt(offsets, instant) * MINUTE_MS) / DAY_MS);
}

/** Milliseconds since local midnight that the clocks show at an instant. */
export function timeOfDayAt(offsets: Offsets, instant: number): number {
  const wall = instant + offsetAt(offsets, instant) * MINUTE_MS;
  return wall - Math.floor(wall / DAY_MS) * DAY_MS;
}

/** 1 Monday … 7 Sunday of a day number. */
export function weekdayOf(dayNumber: number): number {
  // Day 0 was a Thursday.
  return ((((dayNumber + 3) % 7) + 7) % 7) + 1;
}

/** Minutes after midnight of "HH:MM", "24:00" included. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

/**
 * The instant at which the clocks show `minutes` after midnight of a day. Where they are put back the first of the two; where
 * they are put forward over it, the instant that follows.
 */
export function instantOfLocal(offsets: Offsets, dayNumber: number, minutes: number): number {
  const wall = dayNumber * DAY_MS + minutes * MINUTE_MS;
  const before = offsetAt(offsets, wall - DAY_MS);
  const first = wall - before * MINUTE_MS;
  if (offsetAt(offsets, first) === before) return first;
  const after = offsetAt(offsets, wall + DAY_MS);
  const second = wall - after * MINUTE_MS;
  if (offsetAt(offsets, second) === after) return second;
  const change = offsets.find(({ from }) => from > second && from <= first);
  return change?.from ?? first;
}

/** The day that people there write at an instant: "2030-02-02". */
export function localDayOf(rules: Pick<LocalRules, 'offsets'>, instant: number): string {
  return new Date(dayNumberAt(rules.offsets, instant) * DAY_MS).toISOString().slice(0, 10);
}

/** The next local midnight after an instant. */
export function nextLocalDay(rules: Pick<LocalRules, 'offsets'>, instant: number): number {
  return instantOfLocal(rules.offsets, dayNumberAt(rules.offsets, instant) + 1, 0);
}
