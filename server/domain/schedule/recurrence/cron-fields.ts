import type { DayOfMonthToken, DayOfWeekToken } from './cron-days.ts';
import { invalid } from './day-slots.ts';

/** A cron expression, each field written out; numbers ascending, each once. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly DayOfMonthToken[];
  readonly months: readonly number[];
  readonly weekdays: readonly DayOfWeekToken[];
}

interface Field {
  readonly name: string;
  readonly min: number;
  /** Where `*` and a range that goes over the end turn round. */
  readonly max: number;
  /** Names in order, the first standing for `min`; three letters or the whole word. */
  readonly names?: readonly string[];
}

const SECOND: Field = { name: 'second', min: 0, max: 59 };
const MINUTE: Field = { name: 'minute', min: 0, max: 59 };
const HOUR: Field = { name: 'hour', min: 0, max: 23 };
const DAY: Field = { name: 'day of month', min: 1, max: 31 };
const MONTH: Field = {
  name: 'month',
  min: 1,
  max: 12,
  names: 'january february march april may june july august september october november december'.split(' '),
};
const WEEKDAY: Field = {
  name: 'day of week',
  min: 0,
  max: 6,
  names: 'sunday monday tuesday wednesday thursday friday saturday'.split(' '),
};

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** Most days that each month has in any year. */
const MONTH_LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads a cron expression in node-cron's dialect; throws `schedule.invalid` naming the field that is wrong. */
export function parseCron(expression: string): CronFields {
  const plain = expression.trim();
  const parts = (NICKNAMES.get(plain.toLowerCase()) ?? plain).split(/ +/);
  if (parts.length !== 5 && parts.length !== 6)
    throw invalid(`a cron expression has 5 or 6 fields, "${expression}" has ${parts.length}`);
  const [second, minute, hour, day, month, weekday] = parts.length === 5 ? ['0', ...parts] : parts;
  const fields: CronFields = {
    seconds: numbers(second, SECOND),
    minutes: numbers(minute, MINUTE),
    hours: numbers(hour, HOUR),
    days: tokensOf(day === '?' ? '*' : day).flatMap(dayOfMonth),
    months: numbers(month, MONTH),
    weekdays: tokensOf(weekday === '?' ? '*' : weekday).flatMap(dayOfWeek),
  };
  requirePossible(fields, expression);
  return fields;
}

function tokensOf(text = ''): string[] {
  return text.split(',');
}

function numbers(text: string | undefined, field: Field): number[] {
  return [...new Set(tokensOf(text).flatMap((token) => range(token, field)))].sort((a, b) => a - b);
}

/** `*`, `n`, `a-b`, each but the second also with `/step`; a range may go over the end: `22-2`. */
function range(token: string, field: Field): number[] {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(token);
  if (match === null) throw wrong(token, field);
  const [, all, from, to, step] = match;
  const stepBy = step === undefined ? 1 : Number(step);
  const single = all === undefined && to === undefined;
  if (stepBy < 1 || (single && step !== undefined)) throw wrong(token, field);
  const first = all ? field.min : numberOf(from, token, field);
  const last = all ? field.max : single ? first : numberOf(to, token, field);
  const size = field.max - field.min + 1;
  const end = first <= last ? last : last + size;
  const values: number[] = [];
  for (let value = first; value <= end; value += stepBy)
    values.push(value > field.max ? value - size : value);
  return values;
}

/** A number or a name of the field; of the days of the week 7 is Sunday too. */
function numberOf(text: string | undefined, token: string, field: Field): number {
  const word = (text ?? '').toLowerCase();
  const named = field.names?.findIndex((name) => name === word || name.slice(0, 3) === word) ?? -1;
  const value = named >= 0 ? named + field.min : /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (!(value >= field.min && value <= (field === WEEKDAY ? 7 : field.max))) throw wrong(token, field);
  return value;
}

function dayOfMonth(token: string): DayOfMonthToken[] {
  const working = /^(\d{1,2}|l)w$/i.exec(token);
  if (working) {
    const ofLast = working[1]?.toLowerCase() === 'l';
    return [{ kind: 'working', day: ofLast ? null : numberOf(working[1], token, DAY) }];
  }
  const last = /^l(?:-(\d{1,2}))?$/i.exec(token);
  if (last === null) return range(token, DAY).map((day) => ({ kind: 'day', day }));
  const days = Number(last[1] ?? 0);
  if (last[1] !== undefined && (days < 1 || days > 30)) throw wrong(token, DAY);
  return [{ kind: 'before-last', days }];
}

function dayOfWeek(token: string): DayOfWeekToken[] {
  const nth = /^([0-7]|[a-z]+)#([1-5])$/i.exec(token);
  if (nth) return [{ kind: 'nth', weekday: numberOf(nth[1], token, WEEKDAY) % 7, nth: Number(nth[2]) }];
  const last = /^([0-7]|[a-z]+)l$/i.exec(token);
  if (last) return [{ kind: 'last', weekday: numberOf(last[1], token, WEEKDAY) % 7 }];
  return range(token, WEEKDAY).map((value) => ({ kind: 'weekday', weekday: value % 7 }));
}

function requirePossible({ days, months }: CronFields, expression: string): void {
  const possible = days.some(
    (token) => token.kind !== 'day' || months.some((month) => token.day <= (MONTH_LENGTHS[month - 1] ?? 0)),
  );
  if (!possible) throw invalid(`no month of the cron expression "${expression}" has such a day`);
}

function wrong(token: string, { name }: Field) {
  return invalid(`"${token}" is no ${name} of a cron expression`);
}
