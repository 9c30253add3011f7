import { DomainError } from '../errors/index.ts';
import { sha256 } from '../ids.ts';
import { type JournalEntry, type JournalFact, journalEntryCodec } from './entry.ts';
import { follows, genesisText, type JournalPosition } from './link.ts';

/** The hash that the first entry refers to: it binds a chain to its speaker and epoch. */
export function genesis(speakerId: string, epoch: string): JournalPosition {
  return { seq: 0, hash: sha256(genesisText(speakerId, epoch)) };
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
    if (!follows(entry, epoch, before))
      throw new DomainError('journal.bad_chain', { seq: entry.seq, speakerId });
    before = { seq: entry.seq, hash: sha256(line) };
    return { line, entry, position: before };
  });
}
