import Type, { type Static } from 'typebox';
import { PrioritySchema } from '../documents/order.ts';
import { CodeSchema, DurationSchema, IdSchema, InstantSchema, Sha256Schema } from '../schema.ts';
import { MAX_PERSONAL_TARGETS } from '../targets.ts';
import { AreaNeedsSchema, nullable, strict } from './common.ts';

/** Speakers that one request may name one by one; their orders go out in shards. */
export const MAX_NAMED_SPEAKERS = 10_000;

/** 2100: what is added to an instant stays one, and a slip of the pen (microseconds) is refused. */
const LATEST_START = Date.UTC(2100, 0, 1);

const AreaIdsSchema = Type.Array(IdSchema, { maxItems: 64 });

export const TargetRequestSchema = strict({
  areas: Type.Optional(AreaIdsSchema),
  speakers: Type.Optional(Type.Array(IdSchema, { maxItems: MAX_NAMED_SPEAKERS })),
  excludeAreas: Type.Optional(AreaIdsSchema),
  excludeSpeakers: Type.Optional(Type.Array(IdSchema, { maxItems: MAX_PERSONAL_TARGETS })),
});

/** "Play now", or at one instant. */
export const PlayRequestSchema = strict({
  announcementId: IdSchema,
  targets: TargetRequestSchema,
  /** The instant of the first word; by default `leadMs` from now. */
  startsAt: Type.Optional(Type.Integer({ minimum: 0, maximum: LATEST_START })),
  /** Time for loudspeakers to fetch the audio. */
  leadMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
  /** A loudspeaker that is ready up to this much later still starts. */
  latenessMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
  repeat: Type.Optional(
    strict({
      /** By default 1; with `until` as often as there is time for. */
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
      /** Silence between two repetitions. */
      intervalMs: Type.Optional(DurationSchema),
    }),
  ),
  /** An emergency is repeated at its interval until this instant, or until it is cancelled. */
  until: Type.Optional(Type.Integer({ minimum: 0, maximum: LATEST_START })),
  /** Names of built-in sounds or stored messages before it; by default what its priority asks for. */
  prelude: Type.Optional(Type.Array(IdSchema, { maxItems: 3 })),
  /** What a priority item does with a normal one that sounds; by default "queue". */
  overlap: Type.Optional(Type.Union([Type.Literal('queue'), Type.Literal('duck')])),
  /** What becomes of it after an emergency took its place; by default "resume". */
  afterInterruption: Type.Optional(
    Type.Union([Type.Literal('resume'), Type.Literal('drop'), Type.Literal('reschedule')]),
  ),
  /** An emergency only: lift every stop that holds where it is to sound. */
  releaseLatches: Type.Optional(Type.Boolean()),
  gainDb: Type.Optional(Type.Number({ minimum: -60, maximum: 20 })),
  /** Leave to sound outside the windows; needs "broadcast:override". */
  windowOverride: Type.Optional(strict({ reason: Type.String({ minLength: 1, maxLength: 512 }) })),
  /** An exercise, marked so in every record. */
  drill: Type.Optional(Type.Boolean()),
});
export type PlayRequest = Static<typeof PlayRequestSchema>;

export const CancelRequestSchema = strict({ reason: Type.String({ minLength: 1, maxLength: 512 }) });

const BroadcastStateSchema = Type.Union([
  Type.Literal('planned'),
  Type.Literal('issued'),
  Type.Literal('on_air'),
  Type.Literal('interrupted'),
  Type.Literal('resumed'),
  Type.Literal('completed'),
  Type.Literal('partial'),
  Type.Literal('failed'),
  Type.Literal('missed'),
  Type.Literal('cancelled'),
]);

const DeliveryStateSchema = Type.Union([
  Type.Literal('pending'),
  Type.Literal('accepted'),
  Type.Literal('ready'),
  Type.Literal('playing'),
  Type.Literal('finished'),
  Type.Literal('refused'),
  Type.Literal('failed'),
  Type.Literal('interrupted'),
  Type.Literal('missed'),
  Type.Literal('cancelled'),
]);

const ClearanceSchema = Type.Union([
  Type.Object({ kind: Type.Literal('approval'), sha256: Sha256Schema }),
  /** With the `approvalHash` of what it was then, in what is newer than that. */
  Type.Object({ kind: Type.Literal('standing'), id: IdSchema, sha256: Type.Optional(Sha256Schema) }),
  Type.Object({ kind: Type.Literal('emergency'), id: IdSchema }),
]);

export const BroadcastSchema = Type.Object({
  id: IdSchema,
  /** Null: a technician's test. */
  announcementId: nullable(IdSchema),
  areaId: IdSchema,
  title: Type.String(),
  priority: PrioritySchema,
  state: BroadcastStateSchema,
  startsAt: InstantSchema,
  latestStartAt: InstantSchema,
  hardEndAt: InstantSchema,
  targets: Type.Object({
    areas: Type.Array(IdSchema),
    speakers: Type.Array(IdSchema),
    excludeAreas: Type.Array(IdSchema),
    excludeSpeakers: Type.Array(IdSchema),
  }),
  targetCount: Type.Integer(),
  drill: Type.Boolean(),
  makesGoodOf: nullable(IdSchema),
  cancelReason: nullable(Type.String()),
  missedCode: nullable(CodeSchema),
  scheduleId: nullable(IdSchema),
  seriesId: nullable(IdSchema),
  sessionId: nullable(IdSchema),
  originalAt: nullable(InstantSchema),
  /** By whose word it sounds: the approval of exactly this, a leave for its series, or an emergency's (its id). Null: a test, or of before this was kept. */
  clearance: nullable(Type.Array(ClearanceSchema)),
  createdBy: Type.String(),
  createdAt: InstantSchema,
});
export type BroadcastView = Static<typeof BroadcastSchema>;
/** What was broadcast, and where it does not sound because nobody approved it there. */
export const PlayedSchema = Type.Object({ ...BroadcastSchema.properties, withheld: AreaNeedsSchema });
export type PlayedView = Static<typeof PlayedSchema>;

/**
 * Flag of a priority item: the other priority items that it met at some loudspeaker, because nobody decided their order. Both are aired, one
 * after the other. Empty: it met none.
 */
const CollidedWithSchema = Type.Array(IdSchema);
export const BroadcastListSchema = Type.Object({
  broadcasts: Type.Array(Type.Object({ ...BroadcastSchema.properties, collidedWith: CollidedWithSchema })),
});

/** Loudspeakers by state. `pending` is derived: targets that said nothing yet. */
export const DeliveryCountsSchema = Type.Object({
  pending: Type.Integer(),
  accepted: Type.Integer(),
  ready: Type.Integer(),
  playing: Type.Integer(),
  finished: Type.Integer(),
  refused: Type.Integer(),
  failed: Type.Integer(),
  interrupted: Type.Integer(),
  missed: Type.Integer(),
  cancelled: Type.Integer(),
});
export type DeliveryCounts = Static<typeof DeliveryCountsSchema>;

export const BroadcastDetailSchema = Type.Object({
  broadcast: BroadcastSchema,
  collidedWith: CollidedWithSchema,
  counts: DeliveryCountsSchema,
  /** Targets that report having sounded all of it. */
  played: Type.Integer(),
  /** Targets whose own word is missing although the broadcast is over: our view, never final. */
  unconfirmed: Type.Integer(),
});
export type BroadcastDetail = Static<typeof BroadcastDetailSchema>;

export const DeliveryListQuerySchema = strict({
  state: Type.Optional(DeliveryStateSchema),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
  /** Last speaker id of the page before; pages are in order of speaker id. */
  after: Type.Optional(IdSchema),
});

const PlaySchema = Type.Object({
  play: Type.Integer(),
  state: Type.String(),
  plannedAt: nullable(Type.Number()),
  startedAt: nullable(Type.Number()),
  startErrorMs: nullable(Type.Number()),
  endedAt: nullable(Type.Number()),
  fromMs: Type.Number(),
  toMs: nullable(Type.Number()),
  uncertaintyMs: Type.Number(),
  skippedMs: Type.Number(),
  relayedMs: nullable(Type.Number()),
  fallbackMs: nullable(Type.Number()),
  evidence: Type.String(),
  output: nullable(Type.String()),
  code: nullable(Type.String()),
});

export const DeliveryListSchema = Type.Object({
  deliveries: Type.Array(
    Type.Object({
      speakerId: IdSchema,
      state: DeliveryStateSchema,
      /** Whether it counts as played: the loudspeaker reports that all of it sounded. */
      played: Type.Boolean(),
      unconfirmed: Type.Boolean(),
      code: nullable(Type.String()),
      flags: Type.Array(Type.String()),
      answeredAt: nullable(InstantSchema),
      updatedAt: nullable(InstantSchema),
      plays: Type.Array(PlaySchema),
    }),
  ),
  next: nullable(IdSchema),
});
export type DeliveryList = Static<typeof DeliveryListSchema>;
