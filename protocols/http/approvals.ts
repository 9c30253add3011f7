import Type, { type Static } from 'typebox';
import { PrioritySchema } from '../documents/order.ts';
import { RecurrenceSchema } from '../schedule/rule.ts';
import { IdSchema, InstantSchema } from '../schema.ts';
import { AreaNeedsSchema, CapacitySchema, nullable, SessionTooLongSchema, strict } from './common.ts';

const ReasonSchema = Type.String({ minLength: 1, maxLength: 512 });
const AreasSchema = Type.Array(IdSchema, { minItems: 1, maxItems: 64 });
const AccountSchema = Type.String({ minLength: 1, maxLength: 128 });

/**
 * Leave for what changes within a series: an announcement of the same station and kind that is handed in airs as if it was approved. It
 * does not cover what goes beyond the series as it is now: more people, other hours, a higher priority, outside the windows, another
 * station, a longer item or a longer session, what its giver composed himself, or an occurrence that was put to another hour.
 */
export const StandingRequestSchema = strict({
  /** At most 366 days from now. */
  expiresAt: InstantSchema,
  /** One item lasts no longer. */
  maxMinutes: Type.Integer({ minimum: 1, maximum: 720 }),
  /** One occurrence, as it is composed, lasts no longer; by default as long as it is now, or as one item may be where that is longer. */
  sessionMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 720 })),
  /** By default all of the giver's own areas that the series is for. */
  areas: Type.Optional(AreasSchema),
  /** Accounts whose content it is for; by default of whoever may write in the station. */
  editors: Type.Optional(nullable(Type.Array(AccountSchema, { minItems: 1, maxItems: 32 }))),
  note: Type.Optional(Type.String({ maxLength: 512 })),
});
export type StandingRequest = Static<typeof StandingRequestSchema>;

/** All of it, or only in these areas. */
export const StandingRevocationSchema = strict({ reason: ReasonSchema, areas: Type.Optional(AreasSchema) });

export const StandingSchema = Type.Object({
  id: IdSchema,
  seriesId: IdSchema,
  scheduleId: IdSchema,
  areaId: IdSchema,
  title: Type.String(),
  areas: Type.Array(IdSchema),
  /** Where it was taken back. */
  exceptAreas: Type.Array(IdSchema),
  /** What the series was when it was given. */
  terms: Type.Object({
    files: Type.Boolean(),
    /** Addresses of the streams that it relays. */
    streams: Type.Array(Type.String()),
    /** Files that sound in place of these streams. */
    fallbacks: Type.Array(Type.String()),
    priority: PrioritySchema,
    recurrence: RecurrenceSchema,
    targets: Type.Object({
      areas: Type.Array(IdSchema),
      speakers: Type.Array(IdSchema),
      excludeAreas: Type.Array(IdSchema),
      excludeSpeakers: Type.Array(IdSchema),
    }),
    outsideWindows: Type.Boolean(),
    /** The longest that one occurrence may be. Null: given before that was bounded, and over by then. */
    sessionMinutes: nullable(Type.Integer()),
  }),
  editors: nullable(Type.Array(Type.String())),
  maxMinutes: Type.Integer(),
  note: Type.String(),
  by: Type.String(),
  /** That person's name as it is now. */
  byName: Type.String(),
  as: nullable(CapacitySchema),
  at: InstantSchema,
  expiresAt: InstantSchema,
  endedAt: nullable(InstantSchema),
  endedBy: nullable(Type.String()),
  endedByName: nullable(Type.String()),
  endedAs: nullable(CapacitySchema),
  endedReason: nullable(Type.String()),
  state: Type.Union([Type.Literal('in_force'), Type.Literal('expired'), Type.Literal('ended')]),
});
export type StandingView = Static<typeof StandingSchema>;
export const StandingListSchema = Type.Object({ standing: Type.Array(StandingSchema) });

/** By default from now to the end of tomorrow. */
export const DueQuerySchema = strict({
  area: Type.Optional(IdSchema),
  from: Type.Optional(InstantSchema),
  to: Type.Optional(InstantSchema),
});

/** What would air and is not approved everywhere. */
export const ApprovalsDueSchema = Type.Object({
  from: InstantSchema,
  to: InstantSchema,
  due: Type.Array(
    Type.Object({
      broadcastId: IdSchema,
      scheduleId: IdSchema,
      seriesId: IdSchema,
      areaId: IdSchema,
      originalAt: InstantSchema,
      announcementId: nullable(IdSchema),
      title: Type.String(),
      startsAt: InstantSchema,
      /** Of its announcement. */
      state: nullable(Type.String()),
      /** Where, and who is asked. */
      areas: AreaNeedsSchema,
      /** A leave for the series would cover it, if the session was no longer than `limit` minutes. */
      tooLong: nullable(SessionTooLongSchema),
      /** What sounds there instead, and where that is not approved either. */
      fallback: nullable(
        Type.Object({ announcementId: IdSchema, title: Type.String(), missing: AreaNeedsSchema }),
      ),
    }),
  ),
});
export type ApprovalsDue = Static<typeof ApprovalsDueSchema>;
