import type { Recurrence } from '#protocols';
import type { HolidayTable } from '../../calendar/holiday.ts';
import { cronSlots, cronTimesADay } from './cron.ts';
import type { DaySlots } from './day-slots.ts';
import { holidaySlots } from './holiday.ts';
import { lunarSlots } from './lunar.ts';
import { onceSlots } from './once.ts';
import { weeklySlots } from './weekly.ts';

/** What a recurrence names, day by day; throws `schedule.invalid` where it names what cannot be. */
export function slotsOfDay(recurrence: Recurrence, holidays: HolidayTable): DaySlots {
  switch (recurrence.kind) {
    case 'once':
      return onceSlots(recurrence);
    case 'weekly':
      return weeklySlots(recurrence);
    case 'cron':
      return cronSlots(recurrence);
    case 'lunar':
      return lunarSlots(recurrence);
    case 'holiday':
      return holidaySlots(recurrence, holidays);
  }
}

/** How often a recurrence begins on one of its days. */
export function mostTimesADay(recurrence: Recurrence): number {
  if (recurrence.kind === 'once') return 1;
  return recurrence.kind === 'cron' ? cronTimesADay(recurrence) : recurrence.times.length;
}
