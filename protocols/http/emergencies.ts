import Type, { type Static } from 'typebox';
import { IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import { PlayedSchema, PlayRequestSchema, TargetRequestSchema } from './broadcasts.ts';
import { CapacitySchema, nullable, strict } from './common.ts';

const ReasonSchema = Type.String({ minLength: 1, maxLength: 512 });
const { announcementId, targets, startsAt, repeat, until, prelude, overlap, afterInterruption } =
  PlayRequestSchema.properties;
const { releaseLatches, gainDb, drill, leadMs, latenessMs } = PlayRequestSchema.properties;

/** An emergency by the word of who asks, of exactly what has this `approvalHash`. */
export const EmergencyRequestSchema = strict({
  ...{ announcementId, targets, startsAt, repeat, until, prelude, overlap, afterInterruption },
  ...{ releaseLatches, gainDb, drill, leadMs, latenessMs },
  sha256: Sha256Schema,
  /** Alone and at once, whatever a second person or an approval is asked for: another person reviews it afterwards. */
  breakGlass: Type.Optional(strict({ reason: Type.String({ minLength: 10, maxLength: 512 }) })),
});
export type EmergencyRequest = Static<typeof EmergencyRequestSchema>;

export const EmergencyConfirmSchema = strict({ sha256: Sha256Schema });
export const EmergencyDropSchema = strict({ reason: ReasonSchema });

export const EmergencySchema = Type.Object({
  id: IdSchema,
  announcementId: IdSchema,
  areaId: IdSchema,
  title: Type.String(),
  sha256: Sha256Schema,
  targets: Type.Object(TargetRequestSchema.properties),
  drill: Type.Boolean(),
  askedBy: Type.String(),
  /** That person's name as it is now; `askedAs` null: no leader everywhere that it is for, or it was not noted. */
  askedByName: Type.String(),
  askedAs: nullable(CapacitySchema),
  askedAt: InstantSchema,
  /** Until then a second person may confirm it. */
  expiresAt: InstantSchema,
  state: Type.Union([
    Type.Literal('waiting'),
    Type.Literal('expired'),
    Type.Literal('aired'),
    Type.Literal('dropped'),
  ]),
  /** Why it went out by one person's word alone. */
  breakGlass: nullable(Type.String()),
  /** Who confirmed it, or let it go. */
  decidedBy: nullable(Type.String()),
  decidedByName: nullable(Type.String()),
  decidedAs: nullable(CapacitySchema),
  decidedAt: nullable(InstantSchema),
  broadcastId: nullable(IdSchema),
  /** Null: there is nothing to review. */
  review: nullable(
    Type.Object({
      state: Type.Union([Type.Literal('open'), Type.Literal('resolved')]),
      by: nullable(Type.String()),
      byName: nullable(Type.String()),
      as: nullable(CapacitySchema),
      at: nullable(InstantSchema),
      justified: nullable(Type.Boolean()),
      note: nullable(Type.String()),
    }),
  ),
});
export type EmergencyView = Static<typeof EmergencySchema>;
export const EmergencyListSchema = Type.Object({ emergencies: Type.Array(EmergencySchema) });

/** `broadcast` null: it waits for a second person. */
export const EmergencyOutcomeSchema = Type.Object({
  emergency: EmergencySchema,
  broadcast: nullable(PlayedSchema),
});
export type EmergencyOutcome = Static<typeof EmergencyOutcomeSchema>;

export const ReviewListSchema = Type.Object({ reviews: Type.Array(EmergencySchema) });
export const ReviewResolutionSchema = strict({ justified: Type.Boolean(), note: ReasonSchema });
