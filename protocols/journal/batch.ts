import { sign, verify } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { type SigningKey, verifyingKey } from '../documents/keys.ts';
import { DomainError } from '../errors/index.ts';
import { codec, IdSchema, KeyIdSchema, Sha256Schema } from '../schema.ts';
import { type ChainedLine, verifyChain } from './chain.ts';
import { batchText, type JournalPosition } from './link.ts';

/** Bytes of a batch message at most. */
export const MAX_BATCH_BYTES = 60 * 1024;

/** Entries of a batch at most: one slice of a write transaction. */
export const MAX_BATCH_ENTRIES = 200;

/** Batches that a speaker may have under way before the first is acknowledged. */
export const BATCH_CREDIT = 4;

/** Consecutive journal lines under one signature over the last one's hash, which covers all before it. */
export const JournalBatchSchema = Type.Object({
  v: Type.Literal(1),
  speakerId: IdSchema,
  /** The signing key: one key may speak for several speakers (adapters of other makers). */
  keyId: KeyIdSchema,
  epoch: IdSchema,
  /** The position that the first line follows. */
  after: Type.Object({ seq: Type.Integer({ minimum: 0 }), hash: Sha256Schema }),
  /** The oldest entry that the speaker still holds: what lies before can never come any more. */
  oldestSeq: Type.Integer({ minimum: 1 }),
  lines: Type.Array(Type.String({ minLength: 2, maxLength: 4096 }), {
    minItems: 1,
    maxItems: MAX_BATCH_ENTRIES,
  }),
  /** Ed25519 over `batchStatement`, base64url. */
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
});
export type JournalBatch = Static<typeof JournalBatchSchema>;
export const journalBatchCodec = codec('journal batch', JournalBatchSchema, 1);

/** The exact bytes that are signed for a batch whose last line is at `head`. */
export function batchStatement(speakerId: string, epoch: string, head: JournalPosition): Buffer {
  return Buffer.from(batchText(speakerId, epoch, head));
}

/** Signs consecutive lines. `lines` must follow `after` and not be empty. */
export function signBatch(
  header: Pick<JournalBatch, 'speakerId' | 'epoch' | 'after' | 'oldestSeq'>,
  lines: readonly ChainedLine[],
  key: SigningKey,
): JournalBatch {
  const last = lines.at(-1);
  if (last === undefined) throw new RangeError('a batch has at least one line');
  const statement = batchStatement(header.speakerId, header.epoch, last.position);
  return {
    v: 1,
    ...header,
    keyId: key.kid,
    lines: lines.map(({ line }) => line),
    signature: sign(null, statement, key.privateKey).toString('base64url'),
  };
}

/**
 * Proves chain and signature of a batch with the key of its `keyId` (raw, base64url), and gives the lines read.
 * Throws `journal.bad_chain`, `journal.bad_signature` or `document.malformed`.
 */
export function verifyBatch(batch: JournalBatch, publicKey: string): ChainedLine[] {
  const lines = verifyChain(batch.speakerId, batch.epoch, batch.after, batch.lines);
  const head = (lines.at(-1) as ChainedLine).position;
  const statement = batchStatement(batch.speakerId, batch.epoch, head);
  if (!verify(null, statement, verifyingKey(publicKey), Buffer.from(batch.signature, 'base64url')))
    throw new DomainError('journal.bad_signature', {
      seq: head.seq,
      speakerId: batch.speakerId,
      keyId: batch.keyId,
    });
  return lines;
}
