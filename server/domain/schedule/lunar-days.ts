import { DomainError } from '#protocols';
import { dayNumber, dayOf, formatDay, parseDay } from '../calendar/day-number.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { fallsOn } from '../calendar/holidays.ts';
import { toLunar } from '../calendar/lunar.ts';
import type { CalendarDay } from '../policies/zoned-time.ts';

/** Days of one answer at most. */
const MOST_DAYS = 400;

/** The days from `from` to `to`, both included, with their lunar dates and holidays. Throws `request.invalid`. */
export function lunarDays(from: string, to: string, table: HolidayTable) {
  const [first, last] = [numberOf(from), numberOf(to)];
  if (last < first || last - first >= MOST_DAYS)
    throw new DomainError('request.invalid', {
      reason: `the range has none or more than ${MOST_DAYS} days`,
      field: 'to',
    });
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const day = dayOf(first + i);
    return { day: formatDay(day), lunar: toLunar(day), holidays: holidaysOn(day, table) };
  });
}

function holidaysOn(day: CalendarDay, table: HolidayTable) {
  return table
    .filter(({ date }) => fallsOn(date, day))
    .map(({ id, name, tone, paid, major }) => ({ id, name, tone, paid, major }));
}

function numberOf(text: string): number {
  const day = parseDay(text);
  if (day === undefined)
    throw new DomainError('request.invalid', { reason: `the calendar has no day ${text}`, field: 'from' });
  return dayNumber(day);
}
