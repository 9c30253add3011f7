import type { BroadcastState, DeliveryState, DeliveryView } from '#protocols';
import type { StoredJournal } from '../speakers/speaker.ts';

/** One broadcast at one speaker. */
export interface DeliveryKey {
  readonly broadcastId: string;
  readonly speakerId: string;
}

export interface Delivery extends DeliveryKey {
  readonly view: DeliveryView;
  /** When the answer was stored; null when the journal came first or nothing did. */
  readonly answeredAt: number | null;
  readonly updatedAt: number;
}

/** Why an entry that was stored did not count as usual. */
export type EntryFlag =
  | 'unknown_broadcast'
  | 'unknown_kind'
  | 'unexpected'
  | 'range_repeated'
  | 'given_up'
  | 'fork'
  | 'gap';

/** A verified journal line, to be stored as it came. */
export interface JournalRow {
  readonly speakerId: string;
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
  readonly line: string;
  readonly kind: string;
  readonly broadcastId: string | null;
  readonly at: number;
  readonly flags: readonly EntryFlag[];
  readonly batchId: string;
}

/** The signature that covers some lines. */
export interface BatchRow {
  readonly id: string;
  readonly speakerId: string;
  readonly epoch: string;
  readonly keyId: string;
  readonly headSeq: number;
  readonly headHash: string;
  readonly signature: string;
  readonly receivedAt: number;
}

/** What one write transaction of receipts holds. */
export interface ReceiptSlice {
  readonly batches: readonly BatchRow[];
  readonly rows: readonly JournalRow[];
  readonly deliveries: readonly Delivery[];
  /** New stored position per speaker. */
  readonly positions: readonly { readonly speakerId: string; readonly journal: StoredJournal }[];
}

/** The lines of one journal that tell of a span of time, by their first and last number. */
export interface JournalStretch {
  readonly speakerId: string;
  readonly epoch: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface ReceiptStore {
  /** What is known of these deliveries; those without a row are left out. */
  deliveries(keys: readonly DeliveryKey[]): Promise<Delivery[]>;
  ofBroadcast(broadcastId: string): Promise<Delivery[]>;
  /** Counts by state, without the derived `pending`. */
  counts(broadcastId: string): Promise<Partial<Record<DeliveryState, number>> & { readonly played: number }>;
  /** Number of the last entry stored of an epoch; 0 when there is none. */
  lastSeq(speakerId: string, epoch: string): Promise<number>;
  /** Hashes stored for these entries, to tell a repetition from a fork. */
  entryHashes(
    speakerId: string,
    epoch: string,
    fromSeq: number,
    toSeq: number,
  ): Promise<ReadonlyMap<number, string>>;
  /** Stores a slice; a row whose (speaker, epoch, seq, hash) exists is left as it is. */
  save(slice: ReceiptSlice): Promise<void>;
  /** State of each of these broadcasts, `planned` where only its slot exists; what does not exist is left out. */
  knownBroadcasts(ids: readonly string[]): Promise<ReadonlyMap<string, BroadcastState>>;
  /** Which journals of these speakers tell of [from, to), by the speakers' own clocks; in the order of their ids. */
  stretches(speakerIds: readonly string[], from: number, to: number): Promise<JournalStretch[]>;
  /** A speaker's journal in order, with the batches that sign it. */
  journal(
    speakerId: string,
    epoch: string,
    fromSeq: number,
    limit: number,
  ): Promise<{ readonly rows: readonly JournalRow[]; readonly batches: readonly BatchRow[] }>;
}
