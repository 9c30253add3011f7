import type { AuditAction, HashedEntry } from '#protocols';

/** One act of a person or machine, append-only and hash-chained. */
export interface AuditEntry extends HashedEntry {
  readonly hash: string;
}

/** Fields that an entry may lack. One without any of them has the hash that it had before there were such fields. */
export type AuditPlace = Pick<AuditEntry, 'origin' | 'before' | 'after' | 'areaId'>;

export type NewAuditEntry = Pick<AuditEntry, 'at' | 'actor' | 'role' | 'subject' | 'detail'> & {
  readonly action: AuditAction;
} & Partial<AuditPlace>;

/** What is sought; what is absent is not asked for. */
export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  /** Entries of these areas; `arealess`: also those of no area. */
  readonly areas?: readonly string[];
  readonly arealess?: boolean;
  /** Instants: from this one on, and before that one. */
  readonly from?: number;
  readonly to?: number;
  /** True: only refused requests; false: none of them. */
  readonly refused?: boolean;
}

/** Where a page begins and which way it goes: numbers beyond `beyond`, which itself is left out. */
export interface AuditPage {
  readonly order: 'newest' | 'oldest';
  readonly beyond?: number;
  readonly limit: number;
}

export interface AuditStore {
  /** Appends inside the caller's transaction; number and hash are made there. */
  append(entry: NewAuditEntry): Promise<void>;
  list(fromSeq: number, limit: number): Promise<AuditEntry[]>;
  find(filter: AuditFilter, page: AuditPage): Promise<AuditEntry[]>;
}

/** The action of what was asked and refused (401 with credentials, 403). */
export const REFUSED = 'request.refused' satisfies AuditAction;
