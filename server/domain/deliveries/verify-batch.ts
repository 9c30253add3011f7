import { type KeyObject, verify } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Clock } from '#kit';
import {
  batchStatement,
  type ChainedLine,
  DomainError,
  isDomainError,
  type JournalBatch,
  verifyChain,
  verifyingKey,
} from '#protocols';
import type { SpeakerKey } from '../enrolment/enrolment.ts';
import type { SpeakerKeys } from './speaker-keys.ts';

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

/** On Node's thread pool: 200 Ed25519 verifications take 25 to 50 ms, for which the event loop would stand still. */
const verifyAside = promisify(verify);

/** Keys ready for use, as long as their entry is in the table. */
const ready = new WeakMap<SpeakerKey, KeyObject>();

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
    const proved = await verifyAside(undefined, statement, keyObject(key), signature);
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

function keyObject(key: SpeakerKey): KeyObject {
  const known = ready.get(key);
  if (known !== undefined) return known;
  const made = verifyingKey(key.publicKey);
  ready.set(key, made);
  return made;
}
