import { DomainError } from '#protocols';
import type { CalendarDay } from '../../policies/zoned-time.ts';

/** The wall times that a recurrence names on a day: seconds after midnight, ascending, each once. */
export type DaySlots = (day: CalendarDay) => readonly number[];

export const NO_SLOTS: readonly number[] = [];

/** "05:30" or "05:30:15" as seconds after midnight. */
export function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * 60 + seconds;
}

/** Times of day as seconds, ascending; "05:30" and "05:30:00" are one. */
export function slotsOf(times: readonly string[]): readonly number[] {
  return [...new Set(times.map(secondsOf))].sort((a, b) => a - b);
}

/** The one error of a schedule that cannot be. `reason` ends the sentence "The schedule is not valid: …". */
export function invalid(reason: string): DomainError {
  return new DomainError('schedule.invalid', { reason });
}
