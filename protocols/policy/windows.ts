import type { Window } from '../documents/order.ts';
import type { LocalRules } from './local-rules.ts';
import { dayNumberAt, instantOfLocal, minutesOf, type Offsets, weekdayOf } from './local-time.ts';
import { completePolicy, type FullPolicy } from './policy.ts';

const DAY_MS = 24 * 3_600_000;

/** Windows are worked out for so many days ahead and kept; they are given only while a whole week of them is left. */
const KEPT_DAYS = 30;
const SPARE_DAYS = 9;

/** Local hours on some weekdays: a broadcasting window of a policy, or its testing hours. */
type Hours = FullPolicy['windows'][number];

interface Book {
  readonly from: number;
  readonly to: number;
  readonly windows: readonly Window[];
}

/** Kept for as long as the rules are: a loudspeaker asks for every item at every look. */
const books = new WeakMap<LocalRules, Book>();

/** Whether the rules say anything of an instant. */
export function rulesCover(rules: LocalRules, instant: number): boolean {
  return instant >= (rules.offsets[0]?.from ?? Number.POSITIVE_INFINITY) && instant < rules.until;
}

/**
 * The broadcasting windows that are open somewhere in [from, to), ascending, joined where they touch or overlap. Each is given whole, up
 * to a day beyond the range, and within what the rules cover.
 */
export function windowsBetween(rules: LocalRules, from: number, to: number): Window[] {
  return hoursBetween(rules, rules.policy.windows, from, to).filter(
    ({ opensAt, closesAt }) => opensAt < to && closesAt > from,
  );
}

/** The broadcasting window that is open at an instant. */
export function openWindowAt(rules: LocalRules, instant: number): Window | undefined {
  const window = nextWindowAt(rules, instant);
  return window !== undefined && window.opensAt <= instant ? window : undefined;
}

/** The broadcasting window that is open at an instant, or else the first that opens after it, if one does within a week. */
export function nextWindowAt(rules: LocalRules, instant: number): Window | undefined {
  const windows = bookOf(rules, instant).windows;
  let [low, high] = [0, windows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle]?.closesAt ?? 0) > instant) high = middle;
    else low = middle + 1;
  }
  return windows[low];
}

/** The testing hours that an instant lies in. */
export function testWindowAt(rules: LocalRules, instant: number): Window | undefined {
  const { testing } = completePolicy(rules.policy);
  if (testing === null) return undefined;
  return hoursBetween(rules, [testing], instant, instant + 1).find(
    ({ opensAt, closesAt }) => opensAt <= instant && instant < closesAt,
  );
}

function bookOf(rules: LocalRules, instant: number): Book {
  const known = books.get(rules);
  // Some days to spare on each side: what touches is joined.
  if (known !== undefined && instant >= known.from + 2 * DAY_MS && instant < known.to - SPARE_DAYS * DAY_MS)
    return known;
  const from = instant - 4 * DAY_MS;
  const to = instant + KEPT_DAYS * DAY_MS;
  const book = { from, to, windows: hoursBetween(rules, rules.policy.windows, from, to) };
  books.set(rules, book);
  return book;
}

function hoursBetween(rules: LocalRules, hours: readonly Hours[], from: number, to: number): Window[] {
  const { offsets, until } = rules;
  const since = offsets[0]?.from ?? until;
  const single: Window[] = [];
  const last = dayNumberAt(offsets, to) + 1;
  for (let day = dayNumberAt(offsets, from) - 1; day <= last; day++)
    for (const one of hours) {
      const window = onDay(one, offsets, day);
      if (window === undefined) continue;
      const opensAt = Math.max(window.opensAt, since);
      const closesAt = Math.min(window.closesAt, until);
      if (opensAt < closesAt) single.push({ opensAt, closesAt });
    }
  return joined(single.sort((a, b) => a.opensAt - b.opensAt));
}

function onDay({ days, opens, closes }: Hours, offsets: Offsets, day: number): Window | undefined {
  if (!days.includes(weekdayOf(day))) return undefined;
  const opensAt = instantOfLocal(offsets, day, minutesOf(opens));
  const closesAt = instantOfLocal(offsets, day, minutesOf(closes));
  return closesAt > opensAt ? { opensAt, closesAt } : undefined;
}

function joined(sorted: readonly Window[]): Window[] {
  const windows: Window[] = [];
  for (const window of sorted) {
    const last = windows.at(-1);
    if (last === undefined || window.opensAt > last.closesAt) windows.push(window);
    else windows[windows.length - 1] = { ...last, closesAt: Math.max(last.closesAt, window.closesAt) };
  }
  return windows;
}
