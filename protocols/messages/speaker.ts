import Type, { type Static } from 'typebox';
import { HeldScopedSchema } from '../documents/held.ts';
import { NonceSchema } from '../documents/time-reply.ts';
import {
  CodeSchema,
  codec,
  IdSchema,
  InstantSchema,
  PublicKeySchema,
  RevisionSchema,
  Sha256Schema,
} from '../schema.ts';

/**
 * Counts the connections of a speaker: each is larger than the last, kept on its disk. An old connection's last
 * will carries an old number and cannot mark the new one offline.
 */
export const SessionEpochSchema = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/**
 * Counts what a speaker says on one connection of what it holds, in hellos and health: each is larger than the last. So what it said before
 * changes nothing when somebody says it again.
 */
export const WordNumberSchema = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

export const HeldDocumentSchema = Type.Object({ revision: RevisionSchema, hash: Sha256Schema });

export const JournalStatusSchema = Type.Object({
  epoch: IdSchema,
  oldestSeq: Type.Integer({ minimum: 1 }),
  lastSeq: Type.Integer({ minimum: 0 }),
  lastHash: Sha256Schema,
});

export const TrustSchema = Type.Union([
  Type.Literal('untrusted'),
  Type.Literal('trusted'),
  Type.Literal('disputed'),
]);
export type Trust = Static<typeof TrustSchema>;

/** First message of every connection: what this speaker is and holds. Signed. */
export const HelloSchema = Type.Object({
  v: Type.Literal(1),
  sessionEpoch: SessionEpochSchema,
  n: WordNumberSchema,
  agentVersion: Type.String({ maxLength: 32 }),
  bootId: Type.String({ maxLength: 64 }),
  capabilities: Type.Array(CodeSchema, { maxItems: 64 }),
  /** Journal-signing key, raw: that of its enrolment, with which the hello is signed. Another one is refused and flagged. */
  publicKey: PublicKeySchema,
  assignment: Type.Union([HeldDocumentSchema, Type.Null()]),
  /** The assignment itself, when the controller asked for it (`want`). */
  assignmentDocument: Type.Optional(Type.String({ maxLength: 16_384 })),
  /** Every plan head and latch that it holds. */
  held: Type.Array(HeldScopedSchema, { maxItems: 64 }),
  /** Documents of those that the controller asked for (`want`): signed, with a higher revision than it knows. */
  heldDocuments: Type.Optional(Type.Array(Type.String({ maxLength: 65_536 }), { maxItems: 8 })),
  journal: JournalStatusSchema,
});
export type Hello = Static<typeof HelloSchema>;
export const helloCodec = codec('hello', HelloSchema, 1);

/** Answer to an order. Signed and stored, but not evidence: that begins in the journal. */
export const AnswerSchema = Type.Object({
  v: Type.Literal(1),
  orderId: IdSchema,
  orderHash: Sha256Schema,
  broadcastId: IdSchema,
  answer: Type.Union([Type.Literal('accepted'), Type.Literal('refused')]),
  code: Type.Optional(CodeSchema),
  at: InstantSchema,
});
export type Answer = Static<typeof AnswerSchema>;
export const answerCodec = codec('answer', AnswerSchema, 1);

/** Where a delivery stands right now, for the eye: not stored, may be lost. */
export const ProgressSchema = Type.Object({
  v: Type.Literal(1),
  broadcastId: IdSchema,
  phase: Type.Union([Type.Literal('downloading'), Type.Literal('ready'), Type.Literal('playing')]),
  /** Share done of the download or of the content, 0 to 1. */
  fraction: Type.Number({ minimum: 0, maximum: 1 }),
  startErrorMs: Type.Optional(Type.Number()),
  at: InstantSchema,
});
export type Progress = Static<typeof ProgressSchema>;
export const progressCodec = codec('progress', ProgressSchema, 1);

/** Last will of a connection. */
export const PresenceSchema = Type.Object({
  v: Type.Literal(1),
  sessionEpoch: SessionEpochSchema,
  online: Type.Boolean(),
});
export type Presence = Static<typeof PresenceSchema>;
export const presenceCodec = codec('presence', PresenceSchema, 1);

/** Asks for signed time. */
export const TimeRequestSchema = Type.Object({ v: Type.Literal(1), nonce: NonceSchema });
export type TimeRequest = Static<typeof TimeRequestSchema>;
export const timeRequestCodec = codec('time request', TimeRequestSchema, 1);
