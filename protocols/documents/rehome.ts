import Type, { type Static } from 'typebox';
import { AddressSchema } from '../provisioning.ts';
import { CaSchema, codec, IdSchema, InstantSchema, PublicKeySchema, RevisionSchema } from '../schema.ts';

/** Speakers that one document may name; for more of them it names areas. */
export const MAX_REHOMED_SPEAKERS = 1000;

/** Another controller, as a loudspeaker has to know it to trust it. Nothing of it is secret. */
export const HomeSchema = Type.Object({
  v: Type.Literal(1),
  url: AddressSchema,
  /** Further addresses, tried in turn. */
  endpoints: Type.Array(AddressSchema, { maxItems: 8 }),
  /** Root keys that are pinned from then on. */
  roots: Type.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  /** Certificates of the controller's own authority; none: those of the system count. */
  ca: Type.Optional(CaSchema),
});
export type Home = Static<typeof HomeSchema>;
export const homeCodec = codec('home card', HomeSchema, 1);

/**
 * Signed by a root: these loudspeakers belong to another controller from now on. One that is meant keeps its controller until the other has greeted it with an
 * assignment of its own. Of several documents the one with the highest number counts; one that names the controller that it has takes an earlier one back.
 */
export const RehomeSchema = Type.Object({
  v: Type.Literal(1),
  /** Grows with wall-clock milliseconds. A loudspeaker takes no number of a root twice, and none that is lower. */
  n: RevisionSchema,
  areas: Type.Array(IdSchema, { maxItems: 64 }),
  speakers: Type.Array(IdSchema, { maxItems: MAX_REHOMED_SPEAKERS }),
  home: HomeSchema,
  issuedAt: InstantSchema,
  /** Nobody begins to move after this. */
  expiresAt: InstantSchema,
});
export type Rehome = Static<typeof RehomeSchema>;
export const rehomeCodec = codec('rehome', RehomeSchema, 1);

/** Whether a loudspeaker is meant. */
export function rehomes(
  { areas, speakers }: Pick<Rehome, 'areas' | 'speakers'>,
  speakerId: string,
  ancestry: readonly string[],
): boolean {
  return speakers.includes(speakerId) || ancestry.some((area) => areas.includes(area));
}
