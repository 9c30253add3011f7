import Type, { type Static } from 'typebox';
import { nullable, strict } from '../http/common.ts';

const OpensSchema = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' });
const ClosesSchema = Type.String({ pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' });
const DaysSchema = Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), { minItems: 1, maxItems: 7 });
const GainSchema = Type.Number({ minimum: -60, maximum: 20 });

/** One broadcasting window: local times "HH:MM" on some weekdays (1 Monday … 7 Sunday). Closes after it opens, on the same day. */
export const PolicyWindowSchema = strict({ days: DaysSchema, opens: OpensSchema, closes: ClosesSchema });

/** A part of every day in which the volume is capped. It may go over midnight ("21:00" to "06:00"). */
export const NightSchema = strict({ from: OpensSchema, to: OpensSchema, capDb: GainSchema });

/** When and how loud a technician may play a test of at most ten seconds. */
export const TestingSchema = strict({
  days: DaysSchema,
  opens: OpensSchema,
  closes: ClosesSchema,
  capDb: GainSchema,
});

/** A commune's rules of broadcasting. What is left out is as in `completePolicy`. */
export const PolicySchema = strict({
  windows: Type.Array(PolicyWindowSchema, { maxItems: 64 }),
  /** Longest session in minutes, repeats, pauses and relay included; null: no limit. */
  sessionMinutes: nullable(Type.Integer({ minimum: 1, maximum: 1440 })),
  /** Sessions of a local day at most; null: no limit. */
  sessionsPerDay: Type.Optional(nullable(Type.Integer({ minimum: 1, maximum: 96 }))),
  /** Volume cap of the night and early morning; null: none. */
  night: Type.Optional(nullable(NightSchema)),
  /** Volume cap beside a school, a hospital or a place of worship; null: none. */
  sensitive: Type.Optional(nullable(strict({ capDb: GainSchema }))),
  /** Null: no tests. */
  testing: Type.Optional(nullable(TestingSchema)),
  /** The paper behind it: "Quyết định 1387/QĐ-UBND". */
  legalBasis: Type.String({ maxLength: 512 }),
});
export type Policy = Static<typeof PolicySchema>;
export type FullPolicy = Required<Policy>;

/** Nothing that sounds within so many minutes of the last sound begins another session. */
export const SESSION_GAP_MINUTES = 10;

/** A test lasts at most this long. */
export const MAX_TEST_MS = 10_000;

/** Quieter before 06:00 (QCVN 26:2010 counts it as night), quieter beside sensitive places, tests in working hours. */
export const POLICY_DEFAULTS = {
  sessionsPerDay: null,
  night: { from: '21:00', to: '06:00', capDb: -6 },
  sensitive: { capDb: -10 },
  testing: { days: [1, 2, 3, 4, 5], opens: '07:30', closes: '17:00', capDb: -12 },
} as const satisfies Partial<Policy>;

/** A policy with nothing left out. */
export function completePolicy(policy: Policy): FullPolicy {
  const { night, sensitive } = POLICY_DEFAULTS;
  const testing = { ...POLICY_DEFAULTS.testing, days: [...POLICY_DEFAULTS.testing.days] };
  return { sessionsPerDay: null, night: { ...night }, sensitive: { ...sensitive }, testing, ...policy };
}
