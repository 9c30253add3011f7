import type { CalendarDay } from '../../policies/zoned-time.ts';

/** What a day-of-month field may name. */
export type DayOfMonthToken =
  | { readonly kind: 'day'; readonly day: number }
  /** `L` (0 before) or `L-n`. */
  | { readonly kind: 'before-last'; readonly days: number }
  /** `nW`, or `LW` (null): the day from Monday to Friday nearest to it in the same month. */
  | { readonly kind: 'working'; readonly day: number | null };

/** What a day-of-week field may name; 0 is Sunday. */
export type DayOfWeekToken =
  | { readonly kind: 'weekday'; readonly weekday: number }
  /** `w#n`: the n-th of the month. */
  | { readonly kind: 'nth'; readonly weekday: number; readonly nth: number }
  /** `wL`: the last of the month. */
  | { readonly kind: 'last'; readonly weekday: number };

/** Whether a day is the one that a token of the day-of-month field names. */
export function matchesDayOfMonth(token: DayOfMonthToken, day: CalendarDay): boolean {
  switch (token.kind) {
    case 'day':
      return day.day === token.day;
    case 'before-last':
      return day.day === lengthOfMonth(day) - token.days;
    case 'working':
      return day.day === workingDay(day, token.day ?? lengthOfMonth(day));
  }
}

/** Whether a day, on weekday 0 (Sunday) to 6, is the one that a token of the day-of-week field names. */
export function matchesDayOfWeek(token: DayOfWeekToken, day: CalendarDay, weekday: number): boolean {
  if (token.weekday !== weekday) return false;
  switch (token.kind) {
    case 'weekday':
      return true;
    case 'nth':
      return Math.ceil(day.day / 7) === token.nth;
    case 'last':
      return day.day + 7 > lengthOfMonth(day);
  }
}

/** The working day nearest to a day of the month, without leaving the month; undefined where the month lacks that day. */
function workingDay({ year, month }: CalendarDay, day: number): number | undefined {
  const length = lengthOfMonth({ year, month });
  if (day > length) return undefined;
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === length ? day - 2 : day + 1;
  return day;
}

function lengthOfMonth({ year, month }: Pick<CalendarDay, 'year' | 'month'>): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
