import type { Static } from 'typebox';
import type { CronSchema } from '#protocols';
import { weekday } from '../../policies/zoned-time.ts';
import { matchesDayOfMonth, matchesDayOfWeek } from './cron-days.ts';
import { type CronFields, parseCron } from './cron-fields.ts';
import { type DaySlots, invalid, NO_SLOTS } from './day-slots.ts';

/** Once a minute: more often than that no announcement begins, and every second would be 86,400 of them a day. */
const MOST_SLOTS_A_DAY = 1440;

/**
 * A cron expression in node-cron's dialect: five or six fields (seconds first), day of the month AND day of the week
 * AND month. Throws `schedule.invalid` for what node-cron refuses, and for more than 1,440 times a day.
 */
export function cronSlots({ expression }: Static<typeof CronSchema>): DaySlots {
  const fields = parseCron(expression);
  const slots = timesOf(fields);
  const months = new Set(fields.months);
  return (day) =>
    months.has(day.month) &&
    fields.weekdays.some((token) => matchesDayOfWeek(token, day, weekday(day) % 7)) &&
    fields.days.some((token) => matchesDayOfMonth(token, day))
      ? slots
      : NO_SLOTS;
}

/** How often an expression begins on a day that it names. Throws `schedule.invalid`. */
export function cronTimesADay({ expression }: Static<typeof CronSchema>): number {
  return timesOf(parseCron(expression)).length;
}

function timesOf({ hours, minutes, seconds }: CronFields): readonly number[] {
  const count = hours.length * minutes.length * seconds.length;
  if (count > MOST_SLOTS_A_DAY)
    throw invalid(
      `the cron expression names ${count} times a day; at most ${MOST_SLOTS_A_DAY} are taken (once a minute)`,
    );
  const slots: number[] = [];
  for (const hour of hours)
    for (const minute of minutes)
      for (const second of seconds) slots.push((hour * 60 + minute) * 60 + second);
  return slots;
}
