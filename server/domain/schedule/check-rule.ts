import type { ScheduleRule } from '#protocols';
import type { HolidayTable } from '../calendar/holiday.ts';
import { originalsOf } from './originals.ts';
import { invalid } from './recurrence/day-slots.ts';

/**
 * Throws `schedule.invalid` for a rule that cannot be: days that the calendar lacks, an end before the beginning, a bad
 * cron expression, holidays that the table lacks, two changes to one occurrence.
 */
export function checkRule(rule: ScheduleRule, holidays: HolidayTable): void {
  originalsOf(rule, 'UTC', holidays);
  const { fromDay, untilDay, fromInstant, beforeInstant, changes } = rule;
  if (fromDay !== null && untilDay !== null && untilDay < fromDay)
    throw invalid(`its last day ${untilDay} lies before its first day ${fromDay}`);
  if (fromInstant !== null && beforeInstant !== null && beforeInstant < fromInstant)
    throw invalid(`it ends at ${isoOf(beforeInstant)}, before it begins at ${isoOf(fromInstant)}`);
  const changed = new Set<number>();
  for (const { originalAt } of changes) {
    if (changed.has(originalAt)) throw invalid(`the occurrence of ${isoOf(originalAt)} is changed twice`);
    changed.add(originalAt);
  }
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
