import Type, { type Static } from 'typebox';
import { InstantSchema } from '../schema.ts';
import { PolicySchema } from './policy.ts';

/**
 * A policy as a loudspeaker can apply it without zone tables: local rules, and the minutes that local time is ahead of UTC from
 * each instant on. Covers instants from the first offset's `from` up to `until`; outside it allows nothing but emergencies.
 */
export const LocalRulesSchema = Type.Object({
  policy: PolicySchema,
  offsets: Type.Array(
    Type.Object({ from: InstantSchema, minutes: Type.Integer({ minimum: -1080, maximum: 1080 }) }),
    { minItems: 1, maxItems: 64 },
  ),
  until: InstantSchema,
  /** The speaker stands beside a school, a hospital or a place of worship. */
  sensitive: Type.Boolean(),
});
export type LocalRules = Static<typeof LocalRulesSchema>;
