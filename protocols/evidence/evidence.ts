import Type, { type Static } from 'typebox';
import { codec, IdSchema, InstantSchema, KeyIdSchema, PublicKeySchema, Sha256Schema } from '../schema.ts';

const TextSchema = Type.String({ maxLength: 512 });

/** A journal line in its exact bytes. `hash` and `flags` are the controller's word; the verifier reckons for itself. */
export const EvidenceRowSchema = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  hash: Sha256Schema,
  line: Type.String({ minLength: 2, maxLength: 4096 }),
  flags: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 }),
});
export type EvidenceRow = Static<typeof EvidenceRowSchema>;

/** A signature of the loudspeaker over a line's hash, and with it over every line before. */
export const EvidenceBatchSchema = Type.Object({
  keyId: KeyIdSchema,
  headSeq: Type.Integer({ minimum: 1 }),
  headHash: Sha256Schema,
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
  receivedAt: InstantSchema,
});
export type EvidenceBatch = Static<typeof EvidenceBatchSchema>;

/** One journal of a loudspeaker, or a stretch of it. Forks stand behind the line that came first. */
export const EvidenceJournalSchema = Type.Object({
  epoch: IdSchema,
  rows: Type.Array(EvidenceRowSchema),
  batches: Type.Array(EvidenceBatchSchema),
});
export type EvidenceJournal = Static<typeof EvidenceJournalSchema>;

/** A loudspeaker: its keys, each with its name, and its journals. */
export const EvidenceSpeakerSchema = Type.Object({
  id: IdSchema,
  name: TextSchema,
  area: TextSchema,
  keys: Type.Record(Type.String(), PublicKeySchema),
  journals: Type.Array(EvidenceJournalSchema),
});
export type EvidenceSpeaker = Static<typeof EvidenceSpeakerSchema>;

/**
 * Everything that a third party needs to check what loudspeakers reported, with public keys only: exact lines, signatures, the chain of key
 * statements, and the orders that the lines answer. `slots` are plan lines: their bytes are bound by the hash in the journal.
 */
export const EvidenceSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('loa-evidence'),
  exportedAt: InstantSchema,
  area: TextSchema,
  from: InstantSchema,
  to: InstantSchema,
  /** The root keys that loudspeakers pinned at enrolment: compare them with the ones on the enrolment sheets. */
  rootKeys: Type.Array(PublicKeySchema, { maxItems: 8 }),
  statements: Type.Array(Type.String({ maxLength: 65_536 })),
  orders: Type.Array(Type.String({ maxLength: 65_536 })),
  slots: Type.Array(Type.String({ maxLength: 65_536 })),
  speakers: Type.Array(EvidenceSpeakerSchema),
});
export type Evidence = Static<typeof EvidenceSchema>;
export const evidenceCodec = codec('evidence file', EvidenceSchema, 1);
