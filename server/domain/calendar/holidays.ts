import { addDays, type CalendarDay } from '../policies/zoned-time.ts';
import { dayNumber, dayOf } from './day-number.ts';
import type { HolidayDate, HolidayTable } from './holiday.ts';
import { toLunar } from './lunar.ts';

/** Whether a named day falls on a day. */
export function fallsOn(date: HolidayDate, day: CalendarDay): boolean {
  switch (date.kind) {
    case 'solar':
      return day.month === date.month && day.day === date.day;
    case 'lunar':
      return isLunar(day, date.month, date.day);
    case 'lunar-new-year-eve':
      return isLunar(addDays(day, 1), 1, 1);
  }
}

/** The days from `fromDay` to `toDay`, both included, on which a holiday of the table falls; none for an id that it lacks. */
export function holidayDays(
  table: HolidayTable,
  id: string,
  fromDay: CalendarDay,
  toDay: CalendarDay,
): CalendarDay[] {
  const holiday = table.find((one) => one.id === id);
  if (holiday === undefined) return [];
  const days: CalendarDay[] = [];
  for (let number = dayNumber(fromDay); number <= dayNumber(toDay); number++) {
    const day = dayOf(number);
    if (fallsOn(holiday.date, day)) days.push(day);
  }
  return days;
}

function isLunar(day: CalendarDay, month: number, dayOfMonth: number): boolean {
  const lunar = toLunar(day);
  return lunar.day === dayOfMonth && lunar.month === month && !lunar.leap;
}
