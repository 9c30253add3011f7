import Type, { type Static } from 'typebox';
import { PrioritySchema } from '../documents/order.ts';
import { IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import {
  AreaNeedsSchema,
  CapacitySchema,
  NameSchema,
  nullable,
  SessionTooLongSchema,
  strict,
} from './common.ts';

const OriginSchema = Type.Union([
  Type.Literal('own'),
  Type.Literal('relay'),
  Type.Literal('source_system'),
  Type.Literal('notice'),
]);

const LanguageSchema = Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' });

/** A stream of another station, taken live for `durationMs` from the start; at most 12 hours. */
export const StreamSchema = strict({
  url: Type.String({ pattern: '^https?://[!-~]{1,2000}$' }),
  station: Type.String({ minLength: 1, maxLength: 128 }),
  durationMs: Type.Integer({ minimum: 1_000, maximum: 12 * 3_600_000 }),
});
export type Stream = Static<typeof StreamSchema>;

/** What the leader of an area decided: a "yes" to what it is now, or a "no" to that or to what it was. */
const DecisionSchema = Type.Object({
  areaId: IdSchema,
  /** As people say it: "xã Tân An". Whoever answers below it does not know the area itself. */
  areaName: Type.String(),
  verdict: Type.Union([Type.Literal('approved'), Type.Literal('rejected'), Type.Literal('withdrawn')]),
  by: Type.String(),
  /** That person's name as it is now. */
  byName: Type.String(),
  as: nullable(CapacitySchema),
  at: InstantSchema,
  reason: nullable(Type.String()),
  /** A "no" from before it was changed or handed in again. It holds until somebody says yes to that very area; no leave and no emergency passes it. */
  carried: Type.Optional(Type.Literal(true)),
});

export const AnnouncementSchema = Type.Object({
  id: IdSchema,
  areaId: IdSchema,
  areaName: Type.String(),
  title: Type.String(),
  category: Type.String(),
  origin: OriginSchema,
  language: Type.String(),
  priority: PrioritySchema,
  text: nullable(Type.String()),
  state: Type.Union([
    Type.Literal('draft'),
    Type.Literal('submitted'),
    Type.Literal('approved'),
    Type.Literal('rejected'),
    Type.Literal('withdrawn'),
  ]),
  mediaSha256: nullable(Sha256Schema),
  /** A stream to relay; then `mediaSha256` is what sounds when it fails. */
  stream: nullable(Type.Object(StreamSchema.properties)),
  /** An emergency message that every loudspeaker of its area keeps decoded, so that it sounds without the network. */
  stored: Type.Boolean(),
  /** What an approval has to name: the hash of the audio or stream and of all that is said about it. Null: there is nothing to approve. */
  approvalHash: nullable(Sha256Schema),
  approvedSha256: nullable(Sha256Schema),
  rejectedReason: nullable(Type.String()),
  createdBy: Type.String(),
  /** Who composed what it says now: none of them may approve it. */
  composers: Type.Array(Type.String()),
  /** Their names as they are now, in the same order; a machine as it stands there. */
  composerNames: Type.Array(Type.String()),
  /** The leader whose voice it is. */
  recordedBy: nullable(Type.String()),
  recordedByName: nullable(Type.String()),
  /** The areas that it is meant for, whose leaders are asked; empty: its own. */
  forAreas: Type.Array(IdSchema),
  /** Their names, in the same order. */
  forAreaNames: Type.Array(Type.String()),
  /** A "yes" holds in its area and below; anything else closes the area with all below it. */
  decisions: Type.Array(DecisionSchema),
  /** Where it is meant for and not approved. */
  missing: AreaNeedsSchema,
  createdAt: InstantSchema,
  updatedAt: InstantSchema,
});
export type AnnouncementView = Static<typeof AnnouncementSchema>;
export const AnnouncementListSchema = Type.Object({ announcements: Type.Array(AnnouncementSchema) });

/**
 * Where a leader once said no to another announcement with the same words (whatever stands between them) or the same sound, newest first; of areas that concern the
 * asker. A warning, and no bar.
 */
const RefusedBeforeSchema = Type.Array(
  Type.Object({
    announcementId: IdSchema,
    /** As it was then. */
    title: Type.String(),
    areaId: IdSchema,
    /** As people say it: whoever answers below it does not know the area itself. */
    areaName: Type.String(),
    verdict: Type.Union([Type.Literal('rejected'), Type.Literal('withdrawn')]),
    by: Type.String(),
    byName: Type.String(),
    as: nullable(CapacitySchema),
    at: InstantSchema,
    reason: nullable(Type.String()),
    /** What is the same: the words, the sound, or both. */
    sameWords: Type.Boolean(),
    sameSound: Type.Boolean(),
  }),
);

/** One announcement, with what whoever answers for it should know of others. */
export const AnnouncementDetailSchema = Type.Object({
  ...AnnouncementSchema.properties,
  refusedBefore: RefusedBeforeSchema,
});
export type AnnouncementDetail = Static<typeof AnnouncementDetailSchema>;

const contents = {
  category: Type.Optional(Type.String({ maxLength: 64 })),
  origin: Type.Optional(OriginSchema),
  language: Type.Optional(LanguageSchema),
  priority: Type.Optional(PrioritySchema),
  text: Type.Optional(nullable(Type.String({ maxLength: 20_000 }))),
  /** Prepared audio, by its hash (a media job's `medium.sha256`). */
  mediaSha256: Type.Optional(nullable(Sha256Schema)),
  /** Null: no relay any more. */
  stream: Type.Optional(nullable(StreamSchema)),
  /** Account of the chairman, or his deputy, whose recording it is: he may approve it himself, also when he composed it. */
  recordedBy: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 128 }))),
  /** Only emergency messages with audio of their own are kept on loudspeakers. */
  stored: Type.Optional(Type.Boolean()),
  /** The areas that it is meant for, whose leaders are asked; empty: its own. */
  forAreas: Type.Optional(Type.Array(IdSchema, { maxItems: 64 })),
};

const AreasSchema = Type.Array(IdSchema, { minItems: 1, maxItems: 64 });

export const AnnouncementCreateSchema = strict({ areaId: IdSchema, title: NameSchema, ...contents });
export type AnnouncementCreate = Static<typeof AnnouncementCreateSchema>;

/** Any change makes a draft of it again. */
export const AnnouncementChangeSchema = strict({ title: Type.Optional(NameSchema), ...contents });
export type AnnouncementChange = Static<typeof AnnouncementChangeSchema>;

/** The `approvalHash` of what the approver read and listened to, and for which areas; by default all of the approver's own that it concerns. */
export const ApprovalSchema = strict({ sha256: Sha256Schema, areas: Type.Optional(AreasSchema) });
export const RejectionSchema = strict({
  reason: Type.String({ minLength: 1, maxLength: 1000 }),
  areas: Type.Optional(AreasSchema),
});
/** Everywhere and for good, or only in these areas. */
export const WithdrawalSchema = strict({
  areas: Type.Optional(AreasSchema),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
});

/** What was approved and sounds in the asker's areas, whichever station made it: what that one may take back. */
export const GivenListSchema = Type.Object({
  given: Type.Array(
    Type.Object({
      announcement: AnnouncementSchema,
      /** The asker may take back all of it. */
      whole: Type.Boolean(),
      /** Where it sounds of where the asker may take it back, the widest such areas; it may be taken back in a part of them too. */
      areas: AreaNeedsSchema,
    }),
  ),
  /** `before` of the next page; a page may be shorter than was asked for. Null: that was all. */
  next: nullable(IdSchema),
});

/** Oldest first; `after` is the `next` of the page before. */
export const WaitingQuerySchema = strict({
  area: Type.Optional(IdSchema),
  /** Of one page, so many that wait; what does not wait among them comes besides. */
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 100 })),
  after: Type.Optional(IdSchema),
  /** What is said of this one alone. */
  announcement: Type.Optional(IdSchema),
});

const WaitingSchema = Type.Object({ announcement: AnnouncementDetailSchema, areas: AreaNeedsSchema });
/**
 * What waits for the approval of who asks, and in which of the own areas; and what does not wait there, because a leave for a series covers all that is planned of it in
 * the next 14 days, or because it aired by one as it is and is planned no more: of each page the newest 50.
 */
export const WaitingListSchema = Type.Object({
  waiting: Type.Array(
    Type.Object({
      ...WaitingSchema.properties,
      /** A leave for its series would cover it there in the next 14 days, if the session was no longer than `limit` minutes. */
      tooLong: nullable(SessionTooLongSchema),
    }),
  ),
  covered: Type.Array(
    Type.Object({
      ...WaitingSchema.properties,
      /** The leaves that cover it in these areas. */
      leaves: Type.Array(
        Type.Object({
          standingId: IdSchema,
          /** Of the series. */
          title: Type.String(),
          by: Type.String(),
          byName: Type.String(),
          as: nullable(CapacitySchema),
          /** What begins at this instant or later is not covered. */
          expiresAt: InstantSchema,
        }),
      ),
    }),
  ),
  past: Type.Array(
    Type.Object({
      ...WaitingSchema.properties,
      /** When it last began in these areas. */
      lastAt: InstantSchema,
    }),
  ),
  /** `after` of the next page, where something may wait even if nothing does on this one. Null: that was all. */
  next: nullable(IdSchema),
});
