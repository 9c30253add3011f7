import { sha256 } from '../ids.ts';

/** What the first entry of an audit log refers to. */
export const AUDIT_GENESIS = sha256('loa-audit/1');

/** The fields of an entry that its hash covers. */
export interface HashedEntry {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly role: string;
  /** `noun.verb`: "broadcast.play". */
  readonly action: string;
  readonly subject: string;
  /** JSON of what was asked, without secrets or audio. */
  readonly detail: string;
  /** Network address from which it was asked; null for what the controller does by itself, and before this was recorded. */
  readonly origin: string | null;
  /** JSON of the fields that changed, as they were and as they are; null where nothing that existed was changed. */
  readonly before: string | null;
  readonly after: string | null;
  /** Where the subject is; null for what is of no area, and before this was recorded. */
  readonly areaId: string | null;
  readonly previousHash: string;
}

/**
 * The hash that binds an entry to the one before: SHA-256 of its fields as a JSON list, in the order written here. Origin, before, after and
 * area are in it where the entry has any of them: entries from before there were such fields keep their hash.
 */
export function auditHash(entry: HashedEntry): string {
  const { previousHash, seq, at, actor, role, action, subject, detail } = entry;
  const { origin, before, after, areaId } = entry;
  const place = [origin, before, after, areaId];
  const fields = [previousHash, seq, at, actor, role, action, subject, detail];
  return sha256(JSON.stringify(place.every((field) => field === null) ? fields : [...fields, ...place]));
}

/** Why an exported audit log does not hold, at its first broken entry. */
export interface BrokenEntry {
  readonly seq: number;
  readonly why: 'changed' | 'not_chained' | 'missing';
}

/** The first entry that does not follow from the one before it; undefined when all hold. Entries in rising order, from any number on. */
export function firstBroken(
  entries: readonly (HashedEntry & { readonly hash: string })[],
): BrokenEntry | undefined {
  let before: { readonly seq: number; readonly hash: string } | undefined;
  for (const entry of entries) {
    if (before !== undefined && entry.seq !== before.seq + 1) return { seq: before.seq + 1, why: 'missing' };
    const expected = before?.hash ?? (entry.seq === 1 ? AUDIT_GENESIS : entry.previousHash);
    if (entry.previousHash !== expected) return { seq: entry.seq, why: 'not_chained' };
    if (auditHash(entry) !== entry.hash) return { seq: entry.seq, why: 'changed' };
    before = entry;
  }
  return undefined;
}
