import Type, { type Static } from 'typebox';
import { ScopeSchema } from '../documents/scope.ts';
import { IdSchema, InstantSchema, RevisionSchema } from '../schema.ts';
import { nullable, strict } from './common.ts';

const ReasonSchema = Type.String({ minLength: 1, maxLength: 512 });

/** Stop everything in an area with all below it, or at one loudspeaker. */
export const LatchRequestSchema = strict({
  scope: strict({ kind: ScopeSchema.properties.kind, id: IdSchema }),
  reason: ReasonSchema,
});
export type LatchRequest = Static<typeof LatchRequestSchema>;
export const LatchReleaseSchema = strict({ reason: ReasonSchema });

export const LatchViewSchema = Type.Object({
  id: IdSchema,
  scope: ScopeSchema,
  /** The area itself, or the one that the loudspeaker lies in. */
  areaId: nullable(IdSchema),
  state: Type.Union([Type.Literal('set'), Type.Literal('released')]),
  revision: RevisionSchema,
  reason: Type.String(),
  setBy: Type.String(),
  setAt: InstantSchema,
  releasedBy: nullable(Type.String()),
  releasedAt: nullable(InstantSchema),
  /**
   * Where it lies by now. file: synced to the controller's own file · database: there too · memory: the disk took nothing yet; it is in
   * force all the same, but would be forgotten by a power cut.
   */
  kept: Type.Union([Type.Literal('memory'), Type.Literal('file'), Type.Literal('database')]),
  /** Loudspeakers in use that it is for, and how many of them are not known to hold it yet. */
  speakers: Type.Integer(),
  untold: Type.Integer(),
});
export type LatchView = Static<typeof LatchViewSchema>;

export const LatchDetailSchema = Type.Intersect([
  LatchViewSchema,
  Type.Object({
    /** Loudspeakers that are not known to hold it, in order of id; the first 500. */
    untoldSpeakers: Type.Array(IdSchema),
  }),
]);
export type LatchDetail = Static<typeof LatchDetailSchema>;

export const LatchListQuerySchema = strict({
  area: Type.Optional(IdSchema),
  /** By default those that are set. */
  state: Type.Optional(Type.Union([Type.Literal('set'), Type.Literal('all')])),
});
export const LatchListSchema = Type.Object({ latches: Type.Array(LatchViewSchema) });

/** Something that keeps loudspeakers silent although a session is planned there soon. */
export const ReminderSchema = Type.Object({
  kind: Type.Union([Type.Literal('latch'), Type.Literal('mute'), Type.Literal('maintenance')]),
  scope: ScopeSchema,
  areaId: nullable(IdSchema),
  /** The latch; null for a mute or maintenance. */
  latchId: nullable(IdSchema),
  by: Type.String(),
  reason: Type.String(),
  /** When it ends by itself; null: when somebody ends it. */
  until: nullable(InstantSchema),
  /** The planned session that would not sound. */
  sessionAt: InstantSchema,
});
export type Reminder = Static<typeof ReminderSchema>;
export const ReminderListSchema = Type.Object({ reminders: Type.Array(ReminderSchema) });
