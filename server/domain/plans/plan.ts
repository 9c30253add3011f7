/** A slot that was signed into a plan, in its exact line. One row for each broadcast id; an edit replaces it under a higher revision. */
export interface StoredSlot {
  readonly broadcastId: string;
  readonly scheduleId: string;
  readonly announcementId: string;
  /** The area whose station plans it. */
  readonly areaId: string;
  readonly seriesId: string;
  readonly sessionId: string;
  readonly originalAt: number;
  readonly position: number;
  readonly startsAt: number;
  readonly latestStartAt: number;
  readonly expiresAt: number;
  readonly revision: number;
  readonly lineHash: string;
  /** The slot with all its targets; what lies in the heads of single speakers names each alone (see `lineFor`). */
  readonly line: string;
  /** Keys of the scopes whose heads name it (see `scopeKey`). */
  readonly scopes: readonly string[];
  /** When this revision was signed; the order's `issuedAt`. */
  readonly publishedAt: number;
  /** Taken out of the plan again. */
  readonly withdrawnAt: number | null;
  /** Its broadcast was made. */
  readonly issuedAt: number | null;
}

/** The newest signed plan head of a scope, in its exact bytes. */
export interface StoredHead {
  /** `scopeKey` of its scope. */
  readonly scope: string;
  readonly revision: number;
  readonly hash: string;
  readonly document: string;
  readonly validUntil: number;
  readonly issuedAt: number;
}

/** An area-day document in its exact bytes, as text. */
export interface StoredDocument {
  readonly sha256: string;
  readonly body: string;
  /** When it was last named by a new head. */
  readonly createdAt: number;
}

export interface PlanStore {
  heads(): Promise<StoredHead[]>;
  saveHeads(heads: readonly StoredHead[]): Promise<void>;
  /** Exact bytes of an area-day document as text, or null. */
  document(sha256: string): Promise<string | null>;
  saveDocuments(documents: readonly StoredDocument[]): Promise<void>;
  /** Deletes documents made before this instant that none of `keep` names. */
  pruneDocuments(before: number, keep: ReadonlySet<string>): Promise<void>;
  /** Slots whose startsAt lies in [from, to), withdrawn ones too, by startsAt. */
  slots(from: number, to: number): Promise<StoredSlot[]>;
  /** The slots of these broadcasts, in the order of their ids. */
  slotsOf(broadcastIds: readonly string[]): Promise<StoredSlot[]>;
  /** The first of those that are in force and whose broadcast was not made yet, by startsAt and id, behind `after`; at most a page of 500. */
  unissued(
    from: number,
    to: number,
    after?: Pick<StoredSlot, 'startsAt' | 'broadcastId'>,
  ): Promise<StoredSlot[]>;
  /** When the first of those at or after an instant begins. */
  nextStart(from: number): Promise<number | null>;
  slot(broadcastId: string): Promise<StoredSlot | null>;
  saveSlots(slots: readonly StoredSlot[]): Promise<void>;
  /** False when it was marked before. */
  markIssued(broadcastId: string, at: number): Promise<boolean>;
}
