import { type Clock, Lifecycle } from '#kit';
import {
  type BroadcastState,
  type ChainedLine,
  DomainError,
  derivedId,
  type ErrorCode,
  isDomainError,
  type JournalAck,
  type JournalBatch,
} from '#protocols';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import { repetitionsOrdered } from '../dispatch/read-order.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { StoredJournal } from '../speakers/speaker.ts';
import type { Storage, Stores, Transaction } from '../unit-of-work.ts';
import { announceDeliveries } from './announce.ts';
import { DeliveryFold, mayRepeat } from './fold-entries.ts';
import type { JournalPositions } from './journal-positions.ts';
import type { DeliveryObserver, SpeakerAreas } from './observer.ts';
import { type PlacedLine, placeBatch } from './place-batch.ts';
import type { ReceiptLock } from './receipt-lock.ts';
import type { BatchRow, Delivery, DeliveryKey, JournalRow } from './receipts.ts';
import { SliceWorker } from './slice-worker.ts';
import type { SpeakerKeys } from './speaker-keys.ts';
import { proveBatches, type ReceivedBatch } from './verify-batch.ts';

/** Journal lines of one write transaction. */
const SLICE_LINES = 200;
const COLLECT_MS = 10;
/** Bytes of batches that may wait while the database is held. */
const CAPACITY_BYTES = 32 * 1024 * 1024;

export interface JournalIngestOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly lock: ReceiptLock;
  readonly keys: SpeakerKeys;
  readonly positions: JournalPositions;
  readonly publisher: OrderPublisher;
  readonly areas: SpeakerAreas;
  readonly live: LiveEvents;
  readonly observer: DeliveryObserver;
  /** A batch that was refused, with its code: for metrics and log. */
  readonly onRefused: (speakerId: string, code: ErrorCode, error: unknown) => void;
  readonly onError: (error: unknown) => void;
}

/** One batch placed behind what is stored, inside a transaction. */
interface Placed {
  readonly received: ReceivedBatch;
  readonly lines: readonly PlacedLine[];
  readonly head: StoredJournal;
}

interface Outcome {
  readonly placed: readonly Placed[];
  readonly refused: readonly { readonly received: ReceivedBatch; readonly error: DomainError }[];
  readonly positions: ReadonlyMap<string, StoredJournal>;
  readonly deliveries: readonly Delivery[];
}

/**
 * Journal batches on their way into the database: proved, placed, folded and stored in slices; acknowledged after the commit and never
 * before. While the database is held they wait, in bounded memory; what does not fit is asked for again afterwards.
 */
export class JournalIngest extends Lifecycle {
  readonly #options: JournalIngestOptions;
  readonly #worker: SliceWorker<ReceivedBatch>;
  /** Where each speaker was last sent back to: batches under way behind a refused one are not refused once more. */
  readonly #sentBack = new Map<string, string>();
  /** Epoch of a speaker's batch that did not fit, to be asked for again. */
  readonly #overflowed = new Map<string, string>();

  constructor(options: JournalIngestOptions) {
    super();
    this.#options = options;
    this.#worker = new SliceWorker<ReceivedBatch>({
      name: 'journal',
      clock: options.clock,
      weight: ({ batch }) => batch.lines.length,
      sliceWeight: SLICE_LINES,
      size: ({ bytes }) => bytes,
      capacity: CAPACITY_BYTES,
      collectMs: COLLECT_MS,
      work: (batches) => this.#store(batches),
      onFailed: (_received, error) => options.onError(error),
    });
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('journal queue', () => this.#worker.stop());
    await this.#worker.start();
  }

  /** Bytes of batches waiting to be stored. */
  get waitingBytes(): number {
    return this.#worker.size;
  }

  /** Queues a batch. Throws `message.overflow` when too much waits; the speaker is then asked for it again. */
  take(speakerId: string, batch: JournalBatch, bytes: number): void {
    if (this.#worker.offer({ speakerId, batch, bytes })) return;
    this.#overflowed.set(speakerId, batch.epoch);
    throw new DomainError('message.overflow', { topic: 'journal', limit: CAPACITY_BYTES });
  }

  /** A new connection of a speaker: it begins to send anew. */
  reconnected(speakerId: string): void {
    this.#sentBack.delete(speakerId);
    this.#overflowed.delete(speakerId);
  }

  /** Sends a speaker back to what is stored: what it sent behind that was lost on the way. */
  async sendBack(speakerId: string, epoch: string): Promise<void> {
    const { positions, storage } = this.#options;
    const position = await positions.of(speakerId, epoch, storage.read);
    // The first lets go of an earlier refusal at the same place, the second makes the speaker send again.
    this.#acknowledge(speakerId, epoch, position);
    this.#acknowledge(speakerId, epoch, position, 'message.overflow');
  }

  async #store(batches: readonly ReceivedBatch[]): Promise<void> {
    const { keys, clock, lock, storage } = this.#options;
    await proveBatches(batches, keys, clock);
    const outcome = await lock.run(async () => {
      const stored = await storage.transaction((tx) => this.#commit(tx, batches));
      for (const [speakerId, position] of stored.positions) this.#options.positions.set(speakerId, position);
      return stored;
    });
    this.#afterCommit(outcome);
    for (const { received, error } of outcome.refused) await this.#refuse(received, error);
    if (this.#worker.size < CAPACITY_BYTES / 2) await this.#askAgain();
  }

  async #commit(tx: Transaction, batches: readonly ReceivedBatch[]): Promise<Outcome> {
    const positions = new Map<string, StoredJournal>();
    const placed: Placed[] = [];
    const refused: { received: ReceivedBatch; error: DomainError }[] = [];
    await this.#options.positions.load([...new Set(batches.map(({ speakerId }) => speakerId))], tx);
    for (const received of batches) {
      const { speakerId, batch, proof } = received;
      if (proof === undefined) throw new Error('a batch was not proved');
      try {
        if ('refused' in proof) throw proof.refused;
        const pending = positions.get(speakerId);
        const stored =
          pending?.epoch === batch.epoch
            ? pending
            : await this.#options.positions.of(speakerId, batch.epoch, tx);
        const known = await this.#knownHashes(tx, stored, batch, placed);
        const { lines, position } = placeBatch(stored, batch, proof.lines, known);
        const last = proof.lines.at(-1)?.position ?? position;
        placed.push({ received, lines, head: { epoch: batch.epoch, seq: last.seq, hash: last.hash } });
        positions.set(speakerId, position);
      } catch (error) {
        if (!isDomainError(error) || error.code === 'storage.busy') throw error;
        refused.push({ received, error });
      }
    }
    const deliveries = await this.#save(tx, placed, positions);
    return { placed, refused, positions, deliveries };
  }

  /** Hashes stored for the numbers of a batch that lie at or before the stored position, forks included. */
  async #knownHashes(
    stores: Pick<Stores, 'receipts'>,
    stored: StoredJournal | null,
    batch: JournalBatch,
    placed: readonly Placed[],
  ): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
    const known = new Map<number, Set<string>>();
    const first = batch.after.seq + 1;
    if (stored === null || first > stored.seq) return known;
    const add = (seq: number, hash: string) => known.set(seq, (known.get(seq) ?? new Set()).add(hash));
    const { speakerId, epoch } = batch;
    // Twice the numbers, for forks among them; what lies behind is found as a fork again and left as it is stored.
    const { rows } = await stores.receipts.journal(speakerId, epoch, first, batch.lines.length * 2);
    for (const { seq, hash } of rows) add(seq, hash);
    for (const { received, lines } of placed)
      if (received.speakerId === speakerId && received.batch.epoch === epoch)
        for (const { line } of lines) add(line.position.seq, line.position.hash);
    return known;
  }

  async #save(
    tx: Transaction,
    placed: readonly Placed[],
    positions: ReadonlyMap<string, StoredJournal>,
  ): Promise<readonly Delivery[]> {
    const fresh = placed.filter(({ lines }) => lines.length > 0);
    if (fresh.length === 0) return [];
    const fold = await this.#fold(tx, fresh);
    const rows: JournalRow[] = [];
    const batches: BatchRow[] = [];
    const receivedAt = Math.floor(this.#options.clock.now());
    for (const { received, lines, head } of fresh) {
      const { speakerId, batch } = received;
      const { epoch, keyId, signature } = batch;
      const id = derivedId('bat', speakerId, epoch, head.seq, head.hash);
      batches.push({
        id,
        speakerId,
        epoch,
        keyId,
        headSeq: head.seq,
        headHash: head.hash,
        signature,
        receivedAt,
      });
      for (const { line, flags } of lines)
        rows.push(rowOf(speakerId, line, [...flags, ...fold.take(speakerId, line.entry)], id));
    }
    const changed = fold.changed;
    await tx.receipts.save({
      batches,
      rows,
      deliveries: changed,
      positions: [...positions].map(([speakerId, journal]) => ({ speakerId, journal })),
    });
    return changed;
  }

  async #fold(tx: Transaction, placed: readonly Placed[]): Promise<DeliveryFold> {
    const keys = new Map<string, DeliveryKey>();
    const repeating: string[] = [];
    for (const { received, lines } of placed)
      for (const { line } of lines) {
        const { broadcastId } = line.entry;
        const { speakerId } = received;
        if (broadcastId !== undefined && mayRepeat(line.entry)) repeating.push(broadcastId);
        if (broadcastId !== undefined) keys.set(`${broadcastId}/${speakerId}`, { broadcastId, speakerId });
      }
    const ids = [...new Set([...keys.values()].map(({ broadcastId }) => broadcastId))];
    const known =
      ids.length === 0 ? new Map<string, BroadcastState>() : await tx.receipts.knownBroadcasts(ids);
    const before = keys.size === 0 ? [] : await tx.receipts.deliveries([...keys.values()]);
    const ordered = new Map<string, number>();
    for (const broadcastId of new Set(repeating)) {
      const repetitions = known.has(broadcastId) ? await repetitionsOrdered(tx, broadcastId) : null;
      if (repetitions !== null) ordered.set(broadcastId, repetitions);
    }
    return new DeliveryFold({ known, before, ordered }, Math.floor(this.#options.clock.now()));
  }

  #afterCommit({ placed, deliveries }: Outcome): void {
    const { areas, live, observer } = this.#options;
    const heads = new Map<string, { speakerId: string; head: StoredJournal }>();
    for (const { received, head } of placed) {
      const { speakerId } = received;
      this.#sentBack.delete(speakerId);
      this.#overflowed.delete(speakerId);
      const key = `${speakerId}/${head.epoch}`;
      if ((heads.get(key)?.head.seq ?? 0) <= head.seq) heads.set(key, { speakerId, head });
    }
    for (const { speakerId, head } of heads.values()) this.#acknowledge(speakerId, head.epoch, head);
    if (deliveries.length === 0) return;
    announceDeliveries(deliveries, areas, live);
    observer.changed(deliveries);
  }

  async #refuse({ speakerId, batch }: ReceivedBatch, error: DomainError): Promise<void> {
    const { positions, storage, onRefused } = this.#options;
    onRefused(speakerId, error.code, error);
    const position = await positions.of(speakerId, batch.epoch, storage.read);
    const place = `${batch.epoch}/${position?.seq ?? 0}`;
    if (this.#sentBack.get(speakerId) === place) return;
    this.#sentBack.set(speakerId, place);
    this.#overflowed.delete(speakerId);
    this.#acknowledge(speakerId, batch.epoch, position, error.code);
  }

  async #askAgain(): Promise<void> {
    for (const [speakerId, epoch] of [...this.#overflowed]) {
      this.#overflowed.delete(speakerId);
      await this.sendBack(speakerId, epoch);
    }
  }

  #acknowledge(speakerId: string, epoch: string, position: StoredJournal | null, code?: ErrorCode): void {
    const ack: JournalAck = {
      v: 1,
      epoch,
      seq: position?.seq ?? 0,
      hash: position?.hash ?? null,
      ...(code === undefined ? {} : { code }),
    };
    // An acknowledgement that is lost costs one more sending: the next connection begins from the stored position.
    this.background(this.#options.publisher.publish('journalAck', speakerId, ack), (error) => {
      if (!isDomainError(error, 'message.disconnected')) this.#options.onError(error);
    });
  }
}

function rowOf(
  speakerId: string,
  { line, entry, position }: ChainedLine,
  flags: JournalRow['flags'],
  batchId: string,
): JournalRow {
  const { epoch, kind, at } = entry;
  const broadcastId = entry.broadcastId ?? null;
  return {
    speakerId,
    epoch,
    seq: position.seq,
    hash: position.hash,
    line,
    kind,
    broadcastId,
    at,
    flags,
    batchId,
  };
}
