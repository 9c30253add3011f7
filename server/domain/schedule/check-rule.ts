import type { ScheduleRule } from '#protocols';
import type { HolidayTable } from '../calendar/holiday.ts';
import { originalsOf } from './originals.ts';
import { invalid } from './recurrence/day-slots.ts';
import { mostTimesADay } from './recurrence/index.ts';
import type { Schedule } from './schedule.ts';
import type { SlotFacts } from './slot-facts.ts';

/** Items that one schedule airs in a day at most: fourteen days of them are signed into plans. */
const MOST_ITEMS_A_DAY = 2_000;

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

/** Throws `schedule.invalid` for a schedule that would air more items a day than plans have room for. */
export function checkLoad({ rule, content }: Pick<Schedule, 'rule' | 'content'>, facts: SlotFacts): void {
  const items =
    content.kind === 'programme' ? (facts.programmes.get(content.programmeId)?.items.length ?? 0) : 1;
  const times = mostTimesADay(rule.recurrence);
  if (items * times > MOST_ITEMS_A_DAY)
    throw invalid(
      `it would air ${items * times} items a day (${items} items, ${times} times); at most ${MOST_ITEMS_A_DAY} are taken`,
    );
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
