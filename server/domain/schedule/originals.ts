import type { Instant } from '#kit';
import { type DomainError, isDomainError, type ScheduleRule } from '#protocols';
import { dayNumber, dayOf, parseDay } from '../calendar/day-number.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { instantOf, localDayNumber } from '../policies/zoned-time.ts';
import { invalid } from './recurrence/day-slots.ts';
import { slotsOfDay } from './recurrence/index.ts';

/** Gives the original instants of a rule in [from, to), ascending, each once. */
export type Originals = (from: Instant, to: Instant) => Instant[];

/**
 * The slots of a rule inside its bounds, before any change. Each is expanded from the rule by its own day: nothing
 * depends on where the range begins. A rule with a zone of its own reads by that and not by its area's. Throws `schedule.invalid` for bounds and recurrences that cannot be.
 */
export function originalsOf(rule: ScheduleRule, areaZone: string, holidays: HolidayTable): Originals {
  const zone = rule.zone ?? areaZone;
  const slotsOn = slotsOfDay(rule.recurrence, holidays);
  const first = boundOf(rule.fromDay, Number.NEGATIVE_INFINITY);
  const last = boundOf(rule.untilDay, Number.POSITIVE_INFINITY);
  const only = rule.recurrence.kind === 'once' ? boundOf(rule.recurrence.day, 0) : null;
  return (from, to) => {
    const begin = Math.max(from, rule.fromInstant ?? from);
    const end = Math.min(to, rule.beforeInstant ?? to);
    if (begin >= end) return [];
    // A day more on either side: clocks that jump over midnight carry a slot into the next day, or show it in the day before.
    const firstDay = Math.max(localDayNumber(zone, begin) - 1, first, only ?? first);
    const lastDay = Math.min(localDayNumber(zone, end - 1) + 1, last, only ?? last);
    const found: Instant[] = [];
    let [latest, ordered] = [Number.NEGATIVE_INFINITY, true];
    for (let number = firstDay; number <= lastDay; number++) {
      const day = dayOf(number);
      for (const seconds of slotsOn(day)) {
        const at = instantOf(zone, day, seconds / 60);
        if (at < begin || at >= end) continue;
        if (at <= latest) ordered = false;
        latest = at;
        found.push(at);
      }
    }
    return ordered ? found : [...new Set(found)].sort((a, b) => a - b);
  };
}

/** The same, but that a rule which cannot be (a holiday that the table lost) names nothing. */
export function originalsIfAny(rule: ScheduleRule, zone: string, holidays: HolidayTable): Originals {
  try {
    return originalsOf(rule, zone, holidays);
  } catch (error) {
    if (isDomainError(error, 'schedule.invalid')) return () => [];
    throw error;
  }
}

/** Why a rule cannot be; null where it can. */
export function faultOf(rule: ScheduleRule, holidays: HolidayTable): DomainError | null {
  try {
    originalsOf(rule, 'UTC', holidays);
    return null;
  } catch (error) {
    if (isDomainError(error, 'schedule.invalid')) return error;
    throw error;
  }
}

function boundOf(text: string | null, open: number): number {
  if (text === null) return open;
  const day = parseDay(text);
  if (day === undefined) throw invalid(`there is no day ${text}`);
  return dayNumber(day);
}
