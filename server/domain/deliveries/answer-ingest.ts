import { type Clock, Lifecycle } from '#kit';
import { type Answer, DomainError, foldAnswer, PENDING } from '#protocols';
import type { LiveEvents } from '../events/live-events.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { announceDeliveries } from './announce.ts';
import type { DeliveryObserver, OrderDirectory, SpeakerAreas } from './observer.ts';
import { provedWords, type ReceivedWord, type Said, wordBytes } from './proved-words.ts';
import type { ReceiptLock } from './receipt-lock.ts';
import type { Delivery, DeliveryKey } from './receipts.ts';
import { SliceWorker } from './slice-worker.ts';
import type { SpeakerKeys } from './speaker-keys.ts';

interface Received extends ReceivedWord {
  readonly answer: Answer;
}

/** Answers of one write transaction, and how long the first waits for others. */
const SLICE = 200;
const COLLECT_MS = 10;
/** Answers that may wait while the database is held: every speaker of a large controller, several times. */
const CAPACITY_BYTES = 96 * 1024 * 1024;

export interface AnswerIngestOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly lock: ReceiptLock;
  readonly keys: SpeakerKeys;
  readonly orders: OrderDirectory;
  readonly areas: SpeakerAreas;
  readonly live: LiveEvents;
  readonly observer: DeliveryObserver;
  /** Told once of each answer that its loudspeaker has not signed. */
  readonly onForged: (name: 'answer', speakerId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Stores what speakers answer to orders. An answer counts when its speaker has signed it and it is durable; until then its order is sent again. */
export class AnswerIngest extends Lifecycle {
  readonly #options: AnswerIngestOptions;
  readonly #worker: SliceWorker<Received>;

  constructor(options: AnswerIngestOptions) {
    super();
    this.#options = options;
    this.#worker = new SliceWorker<Received>({
      name: 'answers',
      clock: options.clock,
      sliceWeight: SLICE,
      size: wordBytes,
      capacity: CAPACITY_BYTES,
      collectMs: COLLECT_MS,
      work: (items) => this.#work(items),
      onFailed: (_item, error) => options.onError(error),
    });
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('answers', () => this.#worker.stop());
    await this.#worker.start();
  }

  /** Answers waiting to be stored. */
  get waiting(): number {
    return this.#worker.count;
  }

  /** Queues an answer. Throws `message.overflow` when too many wait. */
  take(speakerId: string, answer: Answer, said: Said): void {
    if (!this.#worker.offer({ speakerId, answer, said }))
      throw new DomainError('message.overflow', { topic: 'answer', limit: CAPACITY_BYTES });
  }

  async #work(items: readonly Received[]): Promise<void> {
    const { lock, keys, orders, onForged } = this.#options;
    const proved = await provedWords(items, {
      keyOf: ({ speakerId }) => keys.of(speakerId),
      onForged: ({ speakerId }) => onForged('answer', speakerId),
    });
    // The same order in other words is another order.
    const meant = proved.filter(({ answer: { orderId, orderHash } }) => {
      const hash = orders.hashOf(orderId);
      return hash === undefined || hash === orderHash;
    });
    if (meant.length > 0) await lock.run(() => this.#store(meant));
  }

  async #store(items: readonly Received[]): Promise<void> {
    const { storage, orders, areas, live, observer } = this.#options;
    // A cancellation's answer says that it came, and nothing of the delivery: the journal tells whether it stopped.
    const ofPlays = items.filter(({ answer }) => orders.kindOf(answer.orderId) !== 'cancel');
    const changed = await storage.transaction((tx) => this.#fold(tx, ofPlays));
    for (const { speakerId, answer } of items) observer.answered(answer.orderId, speakerId);
    if (changed.length === 0) return;
    announceDeliveries(changed, areas, live);
    observer.changed(changed);
  }

  async #fold(tx: Transaction, items: readonly Received[]): Promise<Delivery[]> {
    if (items.length === 0) return [];
    const keys = new Map<string, DeliveryKey>();
    for (const { speakerId, answer } of items)
      keys.set(`${answer.broadcastId}/${speakerId}`, { broadcastId: answer.broadcastId, speakerId });
    const known = await tx.receipts.knownBroadcasts([
      ...new Set(items.map(({ answer }) => answer.broadcastId)),
    ]);
    const before = new Map(
      (await tx.receipts.deliveries([...keys.values()])).map((one) => [
        `${one.broadcastId}/${one.speakerId}`,
        one,
      ]),
    );
    const now = Math.floor(this.#options.clock.now());
    const changed = new Map<string, Delivery>();
    for (const { speakerId, answer } of items) {
      const { broadcastId } = answer;
      const key = `${broadcastId}/${speakerId}`;
      // Not evidence, so there is nothing to keep of an answer to what is not known here.
      if (!known.has(broadcastId)) continue;
      const delivery = changed.get(key) ?? before.get(key);
      const view = delivery?.view ?? PENDING;
      const folded = foldAnswer(view, answer.answer, answer.code ?? null);
      if (folded === view) continue;
      changed.set(key, { broadcastId, speakerId, view: folded, answeredAt: now, updatedAt: now });
    }
    const deliveries = [...changed.values()];
    if (deliveries.length > 0) await tx.receipts.save({ batches: [], rows: [], deliveries, positions: [] });
    return deliveries;
  }
}
