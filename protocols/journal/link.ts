import type { JournalEntry } from './entry.ts';

/** A place in a journal: an entry's number and the hash of its exact bytes. */
export interface JournalPosition {
  readonly seq: number;
  readonly hash: string;
}

/** The text whose SHA-256 the first entry refers to: it binds a chain to its speaker and epoch. */
export function genesisText(speakerId: string, epoch: string): string {
  return `loa-journal/1\n${speakerId}\n${epoch}`;
}

/** The exact text that is signed for a batch whose last line is at `head`. */
export function batchText(speakerId: string, epoch: string, head: JournalPosition): string {
  return `loa-journal-batch/1\n${speakerId}\n${epoch}\n${head.seq}\n${head.hash}`;
}

/** Whether an entry of a journal refers to the place before it. */
export function follows(entry: JournalEntry, epoch: string, before: JournalPosition): boolean {
  return entry.epoch === epoch && entry.seq === before.seq + 1 && entry.prev === before.hash;
}
