/**
 * The slow and obvious way to expand a rule: walk along the minutes of some years, read the zone's clock at each, and
 * look whether the rule names what the clock shows. Shares no code with the product but the lunar calendar.
 */
import { createTask, parse } from 'node-cron';
import type { Recurrence, ScheduleRule } from '#protocols';
import type { HolidayTable } from '../../../server/domain/calendar/holiday.ts';
import { fromLunar, toLunar } from '../../../server/domain/calendar/lunar.ts';

const DAY_MS = 86_400_000;

/** What a zone's clock shows at each step from an instant on. */
export interface ClockReadings {
  readonly zone: string;
  readonly from: number;
  readonly stepMs: number;
  /** In steps since 1970-01-01T00:00 of the clock itself. */
  readonly shown: Int32Array;
}

/** One slot of the walk: the instant, and the day (days since 1970) that the rule meant. */
interface Slot {
  readonly at: number;
  readonly day: number;
}

/**
 * Reads a zone's clock by Intl at every step of [from, to). Where it has gone on by 180 steps in 180 steps, those between
 * are counted; where it has not, each is read.
 */
export function readClock(zone: string, from: number, to: number, stepMs: number): ClockReadings {
  const perRead = 180;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const read = (at: number) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) / stepMs;
  };
  const shown = new Int32Array((to - from) / stepMs);
  let begin = read(from);
  for (let index = 0; index < shown.length; index += perRead) {
    const end = read(from + (index + perRead) * stepMs);
    for (let i = 0; i < perRead; i++)
      shown[index + i] = end - begin === perRead ? begin + i : read(from + (index + i) * stepMs);
    begin = end;
  }
  return { zone, from, stepMs, shown };
}

/** Every instant at which a rule names what the clock shows, changes left aside. */
export function walk(clock: ClockReadings, rule: ScheduleRule, holidays: HolidayTable): number[] {
  const perDay = DAY_MS / clock.stepMs;
  const timesOf = timesByDay(rule.recurrence, holidays, clock.stepMs);
  const slots: Slot[] = [];
  // Each reading counts when it is first reached, also one that is jumped over; a reading shown again does not.
  let highest = (clock.shown[0] as number) - 1;
  let [today, times] = [Number.NaN, new Set<number>()];
  for (let index = 0; index < clock.shown.length; index++) {
    const reading = clock.shown[index] as number;
    for (; highest < reading; highest++) {
      const day = Math.floor((highest + 1) / perDay);
      if (day !== today) [today, times] = [day, timesOf(day)];
      if (times.size > 0 && times.has(highest + 1 - day * perDay))
        slots.push({ at: clock.from + index * clock.stepMs, day });
    }
  }
  const inBounds = slots.filter(
    ({ at, day }) =>
      (rule.fromDay === null || isoDay(day) >= rule.fromDay) &&
      (rule.untilDay === null || isoDay(day) <= rule.untilDay) &&
      (rule.fromInstant === null || at >= rule.fromInstant) &&
      (rule.beforeInstant === null || at < rule.beforeInstant),
  );
  return [...new Set(inBounds.map(({ at }) => at))];
}

/** "2027-03-28" of days since 1970. */
export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** For a day the times that the recurrence names on it, in steps after midnight. */
function timesByDay(
  recurrence: Recurrence,
  holidays: HolidayTable,
  stepMs: number,
): (day: number) => Set<number> {
  const stepsOf = (time: string) => Date.parse(`1970-01-01T${time}Z`) / stepMs;
  const none = new Set<number>();
  switch (recurrence.kind) {
    case 'once':
      return (day) => (isoDay(day) === recurrence.day ? new Set([stepsOf(recurrence.time)]) : none);
    case 'weekly': {
      const times = new Set(recurrence.times.map(stepsOf));
      const weekday = (day: number) => new Date(day * DAY_MS).getUTCDay();
      return (day) => (recurrence.days.some((one) => one % 7 === weekday(day)) ? times : none);
    }
    case 'lunar': {
      const times = new Set(recurrence.times.map(stepsOf));
      return (day) => {
        const lunar = lunarOf(day);
        const named = recurrence.days
          .filter((one) => one.day === lunar.day)
          .filter(({ month }) => month === null || month === lunar.month)
          .some(({ leap }) => !lunar.leap || leap);
        return named ? times : none;
      };
    }
    case 'holiday': {
      const times = new Set(recurrence.times.map(stepsOf));
      const days = holidayNumbers(recurrence.holidays, holidays);
      return (day) => (days.has(day - recurrence.dayOffset) ? times : none);
    }
    case 'cron':
      return cronTimes(recurrence.expression, stepMs);
  }
}

/** By node-cron itself: its fields give the times, its matcher says on which days the first of them would run. */
function cronTimes(expression: string, stepMs: number): (day: number) => Set<number> {
  const { hour, minute, second } = parse(expression);
  const clockTimes = hour.flatMap((h) =>
    minute.flatMap((m) => second.map((s) => ((h * 60 + m) * 60 + s) * 1000)),
  );
  const times = new Set(clockTimes.map((ms) => ms / stepMs));
  const task = createTask(expression, () => undefined, { timezone: 'UTC' });
  const [first = 0] = clockTimes;
  return (day) => (task.match(new Date(day * DAY_MS + first)) ? times : new Set());
}

/** The days, as numbers, on which one of these holidays falls from 2026 to 2030. */
function holidayNumbers(ids: readonly string[], holidays: HolidayTable): Set<number> {
  const days = new Set<number>();
  for (const { date } of holidays.filter(({ id }) => ids.includes(id)))
    for (let year = 2026; year <= 2030; year++) {
      if (date.kind === 'solar') days.add(Date.UTC(year, date.month - 1, date.day) / DAY_MS);
      else if (date.kind === 'lunar') days.add(numberOf({ year, leap: false, ...date }));
      else days.add(numberOf({ year, leap: false, month: 1, day: 1 }) - 1);
    }
  return days;
}

function numberOf(lunar: Parameters<typeof fromLunar>[0]): number {
  const day = fromLunar(lunar);
  return day === undefined ? Number.NaN : Date.UTC(day.year, day.month - 1, day.day) / DAY_MS;
}

function lunarOf(day: number) {
  const [year = 0, month = 0, date = 0] = isoDay(day).split('-').map(Number);
  return toLunar({ year, month, day: date });
}
