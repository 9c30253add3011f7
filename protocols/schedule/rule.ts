import Type, { type Static } from 'typebox';
import { strict } from '../http/common.ts';
import { IdSchema, InstantSchema } from '../schema.ts';

/** A day of the calendar as people write it, without zone: "2030-02-02". */
export const LocalDaySchema = Type.String({ pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' });

/** A time of day as a zone's clocks show it: "05:30" or "05:30:15". */
export const LocalTimeSchema = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$' });

const TimesSchema = Type.Array(LocalTimeSchema, { minItems: 1, maxItems: 48, uniqueItems: true });

/** One moment. */
export const OnceSchema = strict({ kind: Type.Literal('once'), day: LocalDaySchema, time: LocalTimeSchema });

/** Days of the week (1 Monday … 7 Sunday) at times of day. */
export const WeeklySchema = strict({
  kind: Type.Literal('weekly'),
  days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7, uniqueItems: true }),
  times: TimesSchema,
});

/** node-cron's dialect (five or six fields, names, ranges, steps), for the expert. */
export const CronSchema = strict({
  kind: Type.Literal('cron'),
  expression: Type.String({ minLength: 9, maxLength: 256 }),
});

/** Days of the Vietnamese lunar month (1 mùng một, 15 rằm); `month` null: every month. A leap month counts where `leap` says so. */
export const LunarSchema = strict({
  kind: Type.Literal('lunar'),
  days: Type.Array(
    strict({
      day: Type.Integer({ minimum: 1, maximum: 30 }),
      month: Type.Union([Type.Integer({ minimum: 1, maximum: 12 }), Type.Null()]),
      /** Also in the leap month of that number; its first one always counts. */
      leap: Type.Boolean(),
    }),
    { minItems: 1, maxItems: 31 },
  ),
  times: TimesSchema,
});

/** Named days of the holiday table; `dayOffset` −1 is the day before. */
export const HolidayRuleSchema = strict({
  kind: Type.Literal('holiday'),
  holidays: Type.Array(IdSchema, { minItems: 1, maxItems: 64, uniqueItems: true }),
  dayOffset: Type.Integer({ minimum: -30, maximum: 30 }),
  times: TimesSchema,
});

export const RecurrenceSchema = Type.Union([
  OnceSchema,
  WeeklySchema,
  CronSchema,
  LunarSchema,
  HolidayRuleSchema,
]);
export type Recurrence = Static<typeof RecurrenceSchema>;

/**
 * A change to one occurrence, named by its original instant: that name survives every edit. skip: it is left out ·
 * move: it begins at another instant (postponed).
 */
export const OccurrenceChangeSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('skip'),
    originalAt: InstantSchema,
    by: Type.String({ minLength: 1, maxLength: 128 }),
    reason: Type.String({ maxLength: 512 }),
  }),
  Type.Object({
    kind: Type.Literal('move'),
    originalAt: InstantSchema,
    startsAt: InstantSchema,
    by: Type.String({ minLength: 1, maxLength: 128 }),
    reason: Type.String({ maxLength: 512 }),
  }),
]);
export type OccurrenceChange = Static<typeof OccurrenceChangeSchema>;

/** When a schedule airs: the recurrence inside its bounds, less and moved what single changes say. */
export interface ScheduleRule {
  readonly recurrence: Recurrence;
  /** First and last local day, both included; null: open. */
  readonly fromDay: string | null;
  readonly untilDay: string | null;
  /** Original instants of this series from here (included) and before there (excluded): how a series is split. */
  readonly fromInstant: number | null;
  readonly beforeInstant: number | null;
  readonly changes: readonly OccurrenceChange[];
  /** By whose clocks it reads (IANA); left out: by those of the schedule's area. What was before its area changed its zone keeps the old one. */
  readonly zone?: string;
}
