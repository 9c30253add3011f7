import type { Static } from 'typebox';
import type { WeeklySchema } from '#protocols';
import { weekday } from '../../policies/zoned-time.ts';
import { type DaySlots, NO_SLOTS, slotsOf } from './day-slots.ts';

/** Times of day on days of the week, 1 Monday … 7 Sunday. */
export function weeklySlots({ days, times }: Static<typeof WeeklySchema>): DaySlots {
  const slots = slotsOf(times);
  const named = new Set(days);
  return (day) => (named.has(weekday(day)) ? slots : NO_SLOTS);
}
