import type { Instant } from '#kit';

/** A signed head of the audit log as it is kept. */
export interface StoredHead {
  readonly n: number;
  readonly day: string;
  readonly whole: boolean;
  readonly seq: number;
  readonly hash: string;
  readonly count: number;
  readonly issuedAt: Instant;
  /** The signed bytes: a compact JWS. */
  readonly document: string;
}

export interface AuditHeadStore {
  insert(head: StoredHead): Promise<void>;
  get(n: number): Promise<StoredHead | null>;
  /** The newest of all; null before the first. */
  latest(): Promise<StoredHead | null>;
  /** The newest that was made after its day was over. */
  latestWhole(): Promise<StoredHead | null>;
  /** Newest first, below the number `before`. */
  page(before: number | undefined, limit: number): Promise<StoredHead[]>;
  /** Oldest first, above the number `n`. */
  after(n: number, limit: number): Promise<StoredHead[]>;
}
