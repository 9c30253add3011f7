/** One act of a person or machine, append-only and hash-chained. */
export interface AuditEntry {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly role: string;
  /** `noun.verb`: "broadcast.play". */
  readonly action: string;
  readonly subject: string;
  /** JSON of what was changed, without secrets or audio. */
  readonly detail: string;
  readonly previousHash: string;
  readonly hash: string;
}

export interface AuditStore {
  /** Appends inside the caller's transaction; number and hash are made there. */
  append(entry: Pick<AuditEntry, 'at' | 'actor' | 'role' | 'action' | 'subject' | 'detail'>): Promise<void>;
  list(fromSeq: number, limit: number): Promise<AuditEntry[]>;
}
