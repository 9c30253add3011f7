import type { Instant } from '#kit';
import { dayNumber, parseDay } from '../calendar/day-number.ts';
import type { Schedule } from './schedule.ts';

const DAY_MS = 86_400_000;
/** A local day is over everywhere so long after it began in UTC. */
const LATEST_DAY_END_MS = 2 * DAY_MS;

/** Whether anything of a schedule may begin at `from` or later: what lies wholly before need not be looked at. */
export function mayBeginFrom({ rule }: Pick<Schedule, 'rule'>, from: Instant): boolean {
  const { recurrence, untilDay, beforeInstant, changes } = rule;
  const ends = [
    beforeInstant ?? Number.POSITIVE_INFINITY,
    endOf(untilDay),
    endOf(recurrence.kind === 'once' ? recurrence.day : null),
  ];
  return Math.min(...ends) > from || changes.some((one) => one.kind === 'move' && one.startsAt >= from);
}

function endOf(text: string | null): Instant {
  const day = text === null ? undefined : parseDay(text);
  return day === undefined ? Number.POSITIVE_INFINITY : dayNumber(day) * DAY_MS + LATEST_DAY_END_MS;
}
