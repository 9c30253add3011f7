import Type, { type Static } from 'typebox';
import { codec, DomainError, IdSchema } from '#protocols';
import { dayNumber, dayOf, formatDay } from './day-number.ts';

const MonthSchema = Type.Integer({ minimum: 1, maximum: 12 });

/** When a named day falls. */
export const HolidayDateSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('solar'),
    month: MonthSchema,
    day: Type.Integer({ minimum: 1, maximum: 31 }),
  }),
  /** Of the ordinary month, not of a leap one. */
  Type.Object({
    kind: Type.Literal('lunar'),
    month: MonthSchema,
    day: Type.Integer({ minimum: 1, maximum: 30 }),
  }),
  /** The day before 1/1: month 12 has 29 days in most years, so no day of it can be named instead. */
  Type.Object({ kind: Type.Literal('lunar-new-year-eve') }),
]);
export type HolidayDate = Static<typeof HolidayDateSchema>;

/** How a day is spoken of: congratulation · gratitude and remembrance, never "chúc mừng" · neither. */
export const ToneSchema = Type.Union([
  Type.Literal('chuc-mung'),
  Type.Literal('tri-an'),
  Type.Literal('chung'),
]);
export type Tone = Static<typeof ToneSchema>;

/** A named day of the year. */
export const HolidaySchema = Type.Object({
  id: IdSchema,
  /** As people call it, in Vietnamese. */
  name: Type.String({ minLength: 1, maxLength: 256 }),
  date: HolidayDateSchema,
  tone: ToneSchema,
  /** Whether people are free and paid on it. */
  paid: Type.Boolean(),
  /** How many days of rest come with it while it is paid; which ones is decided year by year. */
  restDays: Type.Integer({ minimum: 0, maximum: 10 }),
  /** Whether it is one of the great holidays (ngày lễ lớn). */
  major: Type.Boolean(),
  /** Whether communes usually air a greeting for it. */
  greeted: Type.Boolean(),
  /** Law or custom that it stands on; empty where none is noted. */
  basis: Type.String({ maxLength: 512 }),
});
export type Holiday = Static<typeof HolidaySchema>;

export const HolidayTableSchema = Type.Array(HolidaySchema, { maxItems: 500 });
export type HolidayTable = readonly Holiday[];

const tableCodec = codec('holiday table', HolidayTableSchema);

/**
 * An edited or stored table, checked: throws `document.malformed` for another shape, for two entries of one id, and for
 * a date that no year has (29 February is one).
 */
export function readHolidayTable(value: unknown): HolidayTable {
  const table = tableCodec.check(value);
  const seen = new Set<string>();
  for (const { id, date } of table) {
    if (seen.has(id)) throw malformed(`"${id}" stands in it twice`);
    seen.add(id);
    if (date.kind === 'solar' && !inLeapYear(date.month, date.day))
      throw malformed(`no year has the day ${date.day}/${date.month} of "${id}"`);
  }
  return table;
}

function inLeapYear(month: number, day: number): boolean {
  const given = { year: 2028, month, day };
  return formatDay(dayOf(dayNumber(given))) === formatDay(given);
}

function malformed(reason: string): DomainError {
  return new DomainError('document.malformed', { document: 'holiday table', reason });
}
