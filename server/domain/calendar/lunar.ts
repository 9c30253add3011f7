import type { CalendarDay } from '../policies/zoned-time.ts';
import { dayNumber, dayOf } from './day-number.ts';
import { type LunarMonth, lunarMonths } from './lunar-months.ts';

/** A day of the Vietnamese lunar calendar (âm lịch). */
export interface LunarDay {
  /** The year of the Gregorian calendar in which this lunar year began: Tết 2030 is 1/1/2030. */
  readonly year: number;
  /** 1 (tháng Giêng) to 12 (tháng Chạp). */
  readonly month: number;
  /** Whether the month is the leap one (tháng nhuận), which follows the ordinary one of the same number. */
  readonly leap: boolean;
  /** 1 (mùng một) to 29 or 30. */
  readonly day: number;
}

/**
 * The lunar day of a day, by the rules of today (105° E, UTC+7) for every year: before 1968 the official calendar was
 * another. Sound from 1900 to 2199, but for the few months whose new moon lies seconds from midnight, where the
 * Earth's turning will decide: month 4 of 2054 (23 s) and 10 of 2077 (10 s) are the closest of this century.
 */
export function toLunar(day: CalendarDay): LunarDay {
  const number = dayNumber(day);
  const next = lunarMonths(day.year + 1);
  const months = next.start <= number ? next.months : lunarMonths(day.year).months;
  const found = months.findLast(({ start }) => start <= number) as LunarMonth;
  return { year: found.year, month: found.month, leap: found.leap, day: number - found.start + 1 };
}

/** The day of a lunar day; undefined where the calendar has no such day: a 30 Tết in most years, a leap month in most. */
export function fromLunar({ year, month, leap, day }: LunarDay): CalendarDay | undefined {
  const found = monthOf(year, month, leap);
  if (found === undefined || day < 1 || day > found.length) return undefined;
  return dayOf(found.start + day - 1);
}

/** Days of a lunar month, 29 or 30; undefined where the year has no such month. */
export function lunarMonthLength(year: number, month: number, leap: boolean): number | undefined {
  return monthOf(year, month, leap)?.length;
}

/** The number of the month that a lunar year has twice, or undefined. */
export function leapMonth(year: number): number | undefined {
  const months = [...lunarMonths(year).months, ...lunarMonths(year + 1).months];
  return months.find((month) => month.leap && month.year === year)?.month;
}

function monthOf(year: number, month: number, leap: boolean): LunarMonth | undefined {
  // A year's last two months stand at the head of the next solstice year.
  const { months } = lunarMonths(month >= 11 ? year + 1 : year);
  return months.find((one) => one.month === month && one.leap === leap && one.year === year);
}
