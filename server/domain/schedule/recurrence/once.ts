import type { Static } from 'typebox';
import type { OnceSchema } from '#protocols';
import { parseDay } from '../../calendar/day-number.ts';
import { type DaySlots, invalid, NO_SLOTS, slotsOf } from './day-slots.ts';

/** One wall time of one day; throws `schedule.invalid` where the calendar has no such day. */
export function onceSlots({ day: text, time }: Static<typeof OnceSchema>): DaySlots {
  const only = parseDay(text);
  if (only === undefined) throw invalid(`there is no day ${text}`);
  const slots = slotsOf([time]);
  return ({ year, month, day }) =>
    day === only.day && month === only.month && year === only.year ? slots : NO_SLOTS;
}
