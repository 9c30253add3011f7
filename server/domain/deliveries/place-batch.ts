import { type ChainedLine, DomainError, genesis, type JournalBatch } from '#protocols';
import type { StoredJournal } from '../speakers/speaker.ts';
import type { EntryFlag } from './receipts.ts';

/** A verified line that is new here, with what is odd about its place. */
export interface PlacedLine {
  readonly line: ChainedLine;
  readonly flags: readonly EntryFlag[];
}

/** Where a verified batch goes. */
export interface Placement {
  /** Lines to store; those that are stored already are left out. */
  readonly lines: readonly PlacedLine[];
  /** The stored position afterwards. */
  readonly position: StoredJournal;
}

/**
 * Finds the place of a verified batch behind what is stored of its epoch. Pure.
 *
 * Exactly next: taken. Overlapping: what is known by its hash is left out; another hash under a known number is a fork, kept and flagged.
 * Missing entries before it: `journal.gap`, unless the speaker no longer holds them, then taken and flagged. `known`: hashes stored
 * for the numbers of this batch. Throws `journal.bad_chain` when a first entry does not refer to the epoch's beginning.
 */
export function placeBatch(
  stored: StoredJournal | null,
  batch: JournalBatch,
  lines: readonly ChainedLine[],
  known: ReadonlyMap<number, ReadonlySet<string>>,
): Placement {
  const { speakerId, epoch, after } = batch;
  const held = stored ?? { epoch, ...genesis(speakerId, epoch) };
  const firstSeq = after.seq + 1;
  if (after.seq === 0 && after.hash !== genesis(speakerId, epoch).hash)
    throw new DomainError('journal.bad_chain', { seq: firstSeq, speakerId });
  const expectedSeq = Math.max(held.seq + 1, batch.oldestSeq);
  if (firstSeq > expectedSeq) throw new DomainError('journal.gap', { firstSeq, expectedSeq, speakerId });

  const fresh = lines.filter(({ position: { seq, hash } }) => seq > held.seq || !known.get(seq)?.has(hash));
  const placed = fresh.map((line): PlacedLine => {
    const { seq } = line.position;
    if (seq <= held.seq) return { line, flags: ['fork'] };
    if (seq === firstSeq && seq > held.seq + 1) return { line, flags: ['gap'] };
    if (seq === held.seq + 1 && line.entry.prev !== held.hash) return { line, flags: ['fork'] };
    return { line, flags: [] };
  });
  const head = lines.at(-1)?.position;
  const position = head !== undefined && head.seq > held.seq ? { epoch, ...head } : held;
  return { lines: placed, position };
}
