import Type, { type Static } from 'typebox';
import { AnyContentSchema, FileContentSchema, RelayContentSchema, StoredContentSchema } from '../content.ts';
import { CodeSchema, codec, DurationSchema, IdSchema, InstantSchema, RevisionSchema } from '../schema.ts';
import { TargetsSchema } from '../targets.ts';

/** The three priorities of Circular 39/2020/TT-BTTTT. */
export const PRIORITIES = ['normal', 'priority', 'emergency'] as const;
export const PrioritySchema = Type.Union([
  Type.Literal('normal'),
  Type.Literal('priority'),
  Type.Literal('emergency'),
]);
export type Priority = Static<typeof PrioritySchema>;

/** What every order carries, whatever its kind: enough to decide whose it is and to answer it. */
export const OrderHeaderSchema = Type.Object({
  v: Type.Literal(1),
  kind: CodeSchema,
  id: IdSchema,
  broadcastId: IdSchema,
  revision: RevisionSchema,
  targets: TargetsSchema,
  /** Capabilities that a loudspeaker needs to obey this order (see `AGENT_CAPABILITIES`). */
  requires: Type.Array(CodeSchema, { maxItems: 32 }),
  issuedAt: InstantSchema,
  /** After this instant the order is refused, however it came. */
  expiresAt: InstantSchema,
});
export type OrderHeader = Static<typeof OrderHeaderSchema>;
export const orderHeaderCodec = codec('order', OrderHeaderSchema, 1);

/** The broadcasting window that the controller found, as instants: a loudspeaker needs no time zone. */
export const WindowSchema = Type.Object({ opensAt: InstantSchema, closesAt: InstantSchema });
export type Window = Static<typeof WindowSchema>;

/** Leave to sound outside every window: who gave it and why. */
export const WindowOverrideSchema = Type.Object({
  by: Type.String({ minLength: 1, maxLength: 128 }),
  reason: Type.String({ minLength: 1, maxLength: 512 }),
});

/**
 * A sound before the content, by name: a built-in sound or a stored message of the loudspeaker, of which `durationMs` tells the length and
 * `file` what it is made of, for a loudspeaker that lacks it.
 */
export const PreludeSchema = Type.Object({
  name: IdSchema,
  durationMs: Type.Optional(DurationSchema),
  file: Type.Optional(FileContentSchema),
});

/** The session that a slot belongs to: the announcements of one programme, one after the other. */
export const SessionSchema = Type.Object({
  id: IdSchema,
  /** From 0. */
  position: Type.Integer({ minimum: 0, maximum: 999 }),
});

/** Play this content at this instant. */
export const PlayOrderSchema = Type.Intersect([
  OrderHeaderSchema,
  Type.Object({
    kind: Type.Literal('play'),
    priority: PrioritySchema,
    title: Type.String({ maxLength: 256 }),
    /** First frame at this instant: of the prelude where there is one, and the content right after it. */
    startsAt: InstantSchema,
    /** A loudspeaker that is not ready by then does not start any more and reports `missed`. */
    latestStartAt: InstantSchema,
    /** Silence from this instant on, even in mid-word. */
    hardEndAt: InstantSchema,
    content: Type.Union([FileContentSchema, RelayContentSchema, StoredContentSchema, AnyContentSchema]),
    /** What sounds before the content, in this order: chime, attention tone, the words "this is a drill". */
    prelude: Type.Array(PreludeSchema, { maxItems: 4 }),
    /** The schedule and session that it is of; null: ordered by itself. */
    scheduleId: Type.Union([IdSchema, Type.Null()]),
    /** When a person asked for what a plan repeats and signs anew; left out: when it was issued. Two priority items sound in this order. */
    orderedAt: Type.Optional(InstantSchema),
    session: Type.Union([SessionSchema, Type.Null()]),
    repeat: Type.Object({
      count: Type.Integer({ minimum: 1, maximum: 100 }),
      intervalMs: DurationSchema,
    }),
    /** Added to the loudspeaker's own gain; `ignoreCap` lifts the assignment's cap (emergency). */
    volume: Type.Object({ gainDb: Type.Number({ minimum: -60, maximum: 20 }), ignoreCap: Type.Boolean() }),
    window: Type.Union([WindowSchema, Type.Null()]),
    windowOverride: Type.Union([WindowOverrideSchema, Type.Null()]),
    /** The broadcast that this one makes good; a loudspeaker that played ≥ 90 % of that one refuses. */
    makesGoodOf: Type.Union([IdSchema, Type.Null()]),
    /** What to do after a pre-emption: go on, leave it, or leave it to the controller to air it again. */
    afterInterruption: Type.Union([Type.Literal('resume'), Type.Literal('drop'), Type.Literal('reschedule')]),
    /** What a priority item does with a normal one that sounds: wait for its end, or speak over it. */
    overlap: Type.Union([Type.Literal('queue'), Type.Literal('duck')]),
    /** A technician's test: at most ten seconds, in testing hours, never louder than their cap. */
    test: Type.Boolean(),
    /** An exercise: marked in every record. */
    drill: Type.Boolean(),
    /** Latches that an emergency order lifts. */
    releases: Type.Array(IdSchema, { maxItems: 16 }),
  }),
]);
export type PlayOrder = Static<typeof PlayOrderSchema>;
export const playOrderCodec = codec('play order', PlayOrderSchema, 1);

/** Do not play this broadcast, or stop it now, fading out. */
export const CancelOrderSchema = Type.Intersect([
  OrderHeaderSchema,
  Type.Object({
    kind: Type.Literal('cancel'),
    reason: Type.String({ maxLength: 512 }),
    by: Type.String({ minLength: 1, maxLength: 128 }),
    /** What it takes back is an exercise. */
    drill: Type.Optional(Type.Boolean()),
  }),
]);
export type CancelOrder = Static<typeof CancelOrderSchema>;
export const cancelOrderCodec = codec('cancel order', CancelOrderSchema, 1);
