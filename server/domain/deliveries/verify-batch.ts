import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#kit';
import {
  batchStatement,
  type ChainedLine,
  DomainError,
  isDomainError,
  type JournalBatch,
  verifyChain,
} from '#protocols';
import type { SpeakerKeys } from './speaker-keys.ts';
import { verifyAside } from './verify-aside.ts';

/** A batch on its way in. What was proved once is kept for the next attempt to store it. */
export interface ReceivedBatch {
  readonly speakerId: string;
  readonly batch: JournalBatch;
  readonly bytes: number;
  proof?: Proof;
}

type Proof = { readonly lines: readonly ChainedLine[] } | { readonly refused: DomainError };

/** Chains are read for so long before others have a turn of the event loop. */
const TURN_MS = 15;

/** Proves chain and signature of each batch that was not yet, as `verifyBatch` does, without holding the event loop. */
export async function proveBatches(
  batches: readonly ReceivedBatch[],
  keys: SpeakerKeys,
  clock: Clock,
): Promise<void> {
  let turnEnds = clock.monotonic() + TURN_MS;
  const signatures: Promise<void>[] = [];
  for (const received of batches) {
    if (received.proof !== undefined) continue;
    if (clock.monotonic() >= turnEnds) {
      await nextTurn();
      turnEnds = clock.monotonic() + TURN_MS;
    }
    signatures.push(prove(received, keys));
  }
  await Promise.all(signatures);
}

/** Reads the chain at once and has the signature proved aside. */
async function prove(received: ReceivedBatch, keys: SpeakerKeys): Promise<void> {
  const { speakerId, batch } = received;
  try {
    const key = keys.of(speakerId);
    if (key === undefined || key.keyId !== batch.keyId)
      throw new DomainError('journal.unknown_key', { keyId: batch.keyId, speakerId });
    const lines = verifyChain(speakerId, batch.epoch, batch.after, batch.lines);
    const head = (lines.at(-1) as ChainedLine).position;
    const statement = batchStatement(speakerId, batch.epoch, head);
    const signature = Buffer.from(batch.signature, 'base64url');
    const proved = await verifyAside(key, statement, signature);
    received.proof = proved
      ? { lines }
      : {
          refused: new DomainError('journal.bad_signature', { seq: head.seq, speakerId, keyId: batch.keyId }),
        };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    received.proof = { refused: error };
  }
}
