/** A stop as it is now; its signed document is kept in exact bytes. */
export interface StoredLatch {
  readonly id: string;
  /** `scopeKey` of its scope. */
  readonly scope: string;
  readonly revision: number;
  readonly state: 'set' | 'released';
  readonly reason: string;
  readonly setBy: string;
  readonly setAt: number;
  readonly releasedBy: string | null;
  readonly releasedAt: number | null;
  readonly hash: string;
  readonly document: string;
}

export interface LatchStore {
  all(): Promise<StoredLatch[]>;
  save(latch: StoredLatch): Promise<void>;
}

/** Who did what to a latch, for the audit log: the database hears of it later than the loudspeakers. */
export interface LatchAct {
  readonly actor: string;
  readonly role: string;
  readonly action: 'latch.set' | 'latch.release' | 'latch.restore' | 'latch.sign_again';
  readonly reason: string;
  readonly at: number;
  /** Network address and area of a person's act; left out by what the controller does, and by records of before. */
  readonly origin?: string;
  readonly areaId?: string;
  /** How the scope was before; left out where nothing changed. */
  readonly before?: 'set' | 'released';
}

/** A change of a latch, as it is put on the disk before the network and the database hear of it. */
export interface LatchRecord {
  readonly latch: StoredLatch;
  readonly act: LatchAct;
}

/** Where a change is made durable at once, whatever the database does. */
export interface LatchLog {
  /** Every record that is whole, oldest first. */
  read(): Promise<LatchRecord[]>;
  /** Durable when it resolves. When there is no room left, all but `keep` makes place. */
  append(record: LatchRecord, keep: () => readonly LatchRecord[]): Promise<void>;
}
