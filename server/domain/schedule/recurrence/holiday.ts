import type { Static } from 'typebox';
import type { HolidayRuleSchema } from '#protocols';
import type { HolidayTable } from '../../calendar/holiday.ts';
import { fallsOn } from '../../calendar/holidays.ts';
import { addDays } from '../../policies/zoned-time.ts';
import { type DaySlots, invalid, NO_SLOTS, slotsOf } from './day-slots.ts';

/** Times of day on, before or after named days; throws `schedule.invalid` for one that the table lacks. */
export function holidaySlots(
  { holidays: ids, dayOffset, times }: Static<typeof HolidayRuleSchema>,
  table: HolidayTable,
): DaySlots {
  const slots = slotsOf(times);
  const dates = ids.map((id) => {
    const holiday = table.find((one) => one.id === id);
    if (holiday === undefined) throw invalid(`there is no holiday "${id}" in the table`);
    return holiday.date;
  });
  return (day) => {
    const named = dayOffset === 0 ? day : addDays(day, -dayOffset);
    return dates.some((date) => fallsOn(date, named)) ? slots : NO_SLOTS;
  };
}
