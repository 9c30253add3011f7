import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema } from '../schema.ts';
import { nullable, strict } from './common.ts';

/**
 * What a loudspeaker, or all of an area, had of a broadcast. played: it reports that all of it sounded · partly: it reports a part ·
 * missed: its own word is that none of it sounded · unconfirmed: its word is missing though the time is over · waiting: it may still come.
 */
export const CoverageVerdictSchema = Type.Union([
  Type.Literal('played'),
  Type.Literal('partly'),
  Type.Literal('missed'),
  Type.Literal('unconfirmed'),
  Type.Literal('waiting'),
]);
export type CoverageVerdict = Static<typeof CoverageVerdictSchema>;

const CoverageCountsSchema = Type.Object({
  played: Type.Integer(),
  partly: Type.Integer(),
  missed: Type.Integer(),
  unconfirmed: Type.Integer(),
  waiting: Type.Integer(),
  /** Of those that missed it: what a make-good has mended since. */
  madeGood: Type.Integer(),
});
export type CoverageCounts = Static<typeof CoverageCountsSchema>;

export const CoverageSchema = Type.Object({
  broadcastId: IdSchema,
  totals: CoverageCountsSchema,
  /** Each hamlet (a loudspeaker's own area), in the order of its id. */
  areas: Type.Array(
    Type.Object({
      areaId: IdSchema,
      kind: Type.String(),
      name: Type.String(),
      verdict: CoverageVerdictSchema,
      counts: CoverageCountsSchema,
    }),
  ),
  speakers: Type.Array(
    Type.Object({
      speakerId: IdSchema,
      areaId: nullable(IdSchema),
      verdict: CoverageVerdictSchema,
      /** Share of the content that it reports, 0 to 1. */
      share: Type.Number(),
      code: nullable(Type.String()),
      madeGood: Type.Boolean(),
    }),
  ),
  /** The one make-good of this broadcast, if there is one. */
  makeGood: nullable(Type.Object({ broadcastId: IdSchema, state: Type.String(), startsAt: InstantSchema })),
});
export type Coverage = Static<typeof CoverageSchema>;

/** Airs a broadcast again, only at those that missed it. */
export const MakeGoodRequestSchema = strict({
  /** By default as soon as a window of their areas is open. */
  startsAt: Type.Optional(InstantSchema),
  /** Also at loudspeakers whose word is missing; those that played it refuse. */
  unconfirmed: Type.Optional(Type.Boolean({ default: true })),
  windowOverride: Type.Optional(strict({ reason: Type.String({ minLength: 1, maxLength: 512 }) })),
});
export type MakeGoodRequest = Static<typeof MakeGoodRequestSchema>;

/** What could be aired again now, at whom and when. */
export const MakeGoodProposalsSchema = Type.Object({
  proposals: Type.Array(
    Type.Object({
      broadcastId: IdSchema,
      title: Type.String(),
      areaId: IdSchema,
      airedAt: InstantSchema,
      speakerIds: Type.Array(IdSchema),
      startsAt: InstantSchema,
      /** After this it is not worth airing any more. */
      validUntil: InstantSchema,
      automatic: Type.Boolean(),
    }),
  ),
});
export type MakeGoodProposals = Static<typeof MakeGoodProposalsSchema>;
