import { DomainError } from '../errors/index.ts';
import { sha256 } from '../ids.ts';
import { type JournalEntry, type JournalFact, journalEntryCodec } from './entry.ts';

/** A place in a journal: an entry's number and the hash of its exact bytes. */
export interface JournalPosition {
  readonly seq: number;
  readonly hash: string;
}

/** The hash that the first entry refers to: it binds a chain to its speaker and epoch. */
export function genesis(speakerId: string, epoch: string): JournalPosition {
  return { seq: 0, hash: sha256(`loa-journal/1\n${speakerId}\n${epoch}`) };
}

/** An entry as it is written and hashed: one line of JSON without line break. */
export interface ChainedLine {
  readonly line: string;
  readonly position: JournalPosition;
  readonly entry: JournalEntry;
}

/** Makes the line that follows `after`. */
export function chainLine(epoch: string, after: JournalPosition, fact: JournalFact): ChainedLine {
  const entry: JournalEntry = { v: 1, epoch, seq: after.seq + 1, prev: after.hash, ...fact };
  const line = JSON.stringify(entry);
  return { line, entry, position: { seq: entry.seq, hash: sha256(line) } };
}

/**
 * Reads lines that follow `after` and proves that each refers to the one before. Works without any key, so that a
 * third party can check an exported journal. Throws `journal.bad_chain` naming the first broken entry.
 */
export function verifyChain(
  speakerId: string,
  epoch: string,
  after: JournalPosition,
  lines: readonly string[],
): ChainedLine[] {
  let before = after;
  return lines.map((line) => {
    const entry = journalEntryCodec.parse(line);
    if (entry.epoch !== epoch || entry.seq !== before.seq + 1 || entry.prev !== before.hash)
      throw new DomainError('journal.bad_chain', { seq: entry.seq, speakerId });
    before = { seq: entry.seq, hash: sha256(line) };
    return { line, entry, position: before };
  });
}
