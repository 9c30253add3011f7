import type { Static } from 'typebox';
import type { LunarSchema } from '#protocols';
import { toLunar } from '../../calendar/lunar.ts';
import { type DaySlots, NO_SLOTS, slotsOf } from './day-slots.ts';

/**
 * Times of day on days of the Vietnamese lunar month. Day 30 of a month with 29 days is on no day; a leap month counts
 * only where `leap` says so.
 */
export function lunarSlots({ days, times }: Static<typeof LunarSchema>): DaySlots {
  const slots = slotsOf(times);
  return (day) => {
    const lunar = toLunar(day);
    const named = days.some(
      (one) =>
        one.day === lunar.day &&
        (one.month === null || one.month === lunar.month) &&
        (one.leap || !lunar.leap),
    );
    return named ? slots : NO_SLOTS;
  };
}
