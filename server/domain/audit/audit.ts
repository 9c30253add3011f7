/** One act of a person or machine, append-only and hash-chained. */
export interface AuditEntry {
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
  readonly hash: string;
}

/** Fields that an entry may lack. One without any of them has the hash that it had before there were such fields. */
export type AuditPlace = Pick<AuditEntry, 'origin' | 'before' | 'after' | 'areaId'>;

export type NewAuditEntry = Pick<AuditEntry, 'at' | 'actor' | 'role' | 'action' | 'subject' | 'detail'> &
  Partial<AuditPlace>;

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
export const REFUSED = 'request.refused';
