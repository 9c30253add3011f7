import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#kit';
import { type ChainedLine, DomainError, isDomainError, type JournalBatch, verifyBatch } from '#protocols';
import type { SpeakerKeys } from './speaker-keys.ts';

/** A batch on its way in. What was proved once is kept for the next attempt to store it. */
export interface ReceivedBatch {
  readonly speakerId: string;
  readonly batch: JournalBatch;
  readonly bytes: number;
  proof?: { readonly lines: readonly ChainedLine[] } | { readonly refused: DomainError };
}

/** Signatures are proved for so long before others have a turn of the event loop: a thousand of them would take 200 ms. */
const TURN_MS = 15;

/** Proves chain and signature of each batch that was not yet, without holding the event loop. */
export async function proveBatches(
  batches: readonly ReceivedBatch[],
  keys: SpeakerKeys,
  clock: Clock,
): Promise<void> {
  let turnEnds = clock.monotonic() + TURN_MS;
  for (const received of batches) {
    if (received.proof !== undefined) continue;
    if (clock.monotonic() >= turnEnds) {
      await nextTurn();
      turnEnds = clock.monotonic() + TURN_MS;
    }
    received.proof = prove(received, keys);
  }
}

function prove({ speakerId, batch }: ReceivedBatch, keys: SpeakerKeys): ReceivedBatch['proof'] & object {
  const key = keys.of(speakerId);
  try {
    if (key === undefined || key.keyId !== batch.keyId)
      throw new DomainError('journal.unknown_key', { keyId: batch.keyId, speakerId });
    return { lines: verifyBatch(batch, key.publicKey) };
  } catch (error) {
    if (isDomainError(error)) return { refused: error };
    throw error;
  }
}
