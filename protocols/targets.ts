import Type, { type Static } from 'typebox';
import { IdSchema } from './schema.ts';

/** Personal targets of one order at most; more speakers are put into several orders (shards). */
export const MAX_PERSONAL_TARGETS = 200;

/** Who an order is for: whoever is in an included area or named, and in no excluded area and not excluded by name. */
export const TargetsSchema = Type.Object({
  areas: Type.Array(IdSchema, { maxItems: 64 }),
  speakers: Type.Array(IdSchema, { maxItems: MAX_PERSONAL_TARGETS }),
  excludeAreas: Type.Array(IdSchema, { maxItems: 64 }),
  excludeSpeakers: Type.Array(IdSchema, { maxItems: MAX_PERSONAL_TARGETS }),
});
export type Targets = Static<typeof TargetsSchema>;

/** Whether a speaker with this ancestry (nation … hamlet) is meant. Exclusion wins. */
export function targetsInclude(targets: Targets, speakerId: string, ancestry: readonly string[]): boolean {
  if (targets.excludeSpeakers.includes(speakerId)) return false;
  if (ancestry.some((area) => targets.excludeAreas.includes(area))) return false;
  return targets.speakers.includes(speakerId) || ancestry.some((area) => targets.areas.includes(area));
}
