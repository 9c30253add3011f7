import { backoff, type Clock, Lifecycle, type Milliseconds, repeat, type Timer } from '#kit';
import {
  BROADCAST_STATES,
  type DownTopicName,
  isDomainError,
  parseTopic,
  statesBefore,
  TOPICS,
} from '#protocols';
import type { OutboxItem, StoredOrder, TargetSnapshot } from '../broadcasts/broadcast.ts';
import type { DeliveryObserver, SpeakerAreas } from '../deliveries/observer.ts';
import type { Delivery } from '../deliveries/receipts.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Storage } from '../unit-of-work.ts';
import type { BroadcastSettler } from './broadcast-settler.ts';
import { LiveOrders } from './live-orders.ts';
import type { OrderPublisher } from './publisher.ts';
import { Resender } from './resender.ts';

/** Outbox rows read at a time. */
const PAGE = 50;
const RETRY = { baseMs: 200, maxMs: 10_000 } as const;
/** The outbox is looked at no less often: nobody kicks after a commit whose confirmation was lost with the database's connection. */
const LOOK_MS = 5_000;

export interface DispatcherOptions {
  readonly storage: Storage;
  readonly publisher: OrderPublisher;
  readonly clock: Clock;
  readonly areas: SpeakerAreas;
  readonly live: LiveEvents;
  readonly settler: BroadcastSettler;
  readonly isOnline: (speakerId: string) => boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings orders from the outbox to the broker, in order, each once per topic; what the broker did not take is tried again. From then on it
 * knows who has not answered. Publishing before marking: a crash between sends an order twice, which changes nothing, and never not at all.
 */
export class Dispatcher extends Lifecycle implements DeliveryObserver {
  readonly #options: DispatcherOptions;
  readonly orders: LiveOrders;
  readonly #resender: Resender;
  /** Handed to the broker, but not yet marked in the database: it is held. */
  readonly #unmarked = new Map<number, OutboxItem>();
  #draining = false;
  #again = false;
  #retry: Timer | undefined;
  #delays: Generator<Milliseconds, never> = backoff(RETRY);

  constructor(options: DispatcherOptions) {
    super();
    this.#options = options;
    this.orders = new LiveOrders(options.areas);
    const { publisher, clock, isOnline, onError } = options;
    this.#resender = new Resender({ orders: this.orders, publisher, clock, isOnline, onError });
  }

  get metrics(): { readonly liveOrders: number; readonly resent: number; readonly unmarked: number } {
    return { liveOrders: this.orders.size, resent: this.#resender.resent, unmarked: this.#unmarked.size };
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    await this.#recall();
    this.disposers.defer('dispatch retry', () => this.#retry?.cancel());
    const look = repeat(clock, 'dispatch: look', LOOK_MS, () => this.kick(), onError);
    this.disposers.defer('dispatch look', () => look.cancel());
    this.disposers.defer('resender', () => this.#resender.stop());
    await this.#resender.start();
    this.#drainInBackground();
  }

  /** There may be something in the outbox. Call it after the commit of an order, and when the broker is back. */
  kick(): void {
    if (this.running) this.#drainInBackground();
  }

  /**
   * Publishes an order that is not in the outbox yet; from now on those who have not answered it get it after a hello. Rejects when the broker
   * did not take it. `snapshot`: the targets of its broadcast; nothing is read here.
   */
  publishNow(
    { id, broadcastId, document, topics, expiresAt }: StoredOrder,
    snapshot: TargetSnapshot | null,
  ): Promise<void> {
    return this.#publish({ orderId: id, broadcastId, document, topics, expiresAt }, snapshot);
  }

  /** After a hello: everything that this speaker has not answered. */
  sendDue(speakerId: string): Promise<void> {
    return this.#resender.sendDue(speakerId);
  }

  answered(orderId: string, speakerId: string): void {
    this.orders.answered(orderId, speakerId);
  }

  changed(deliveries: readonly Delivery[]): void {
    for (const { broadcastId, speakerId, view } of deliveries)
      this.orders.heard(broadcastId, speakerId, view);
    this.#options.settler.changed(deliveries);
  }

  /** At start: what is in force, and what was answered already. */
  async #recall(): Promise<void> {
    const { storage, clock } = this.#options;
    const now = clock.now();
    const live = await storage.read.broadcasts.liveOrders(now);
    for (const { order, snapshot } of live)
      this.orders.add(
        { orderId: order.id, broadcastId: order.broadcastId, document: order.document },
        snapshot,
        now,
      );
    for (const broadcastId of new Set(live.map(({ order }) => order.broadcastId)))
      for (const { speakerId, view } of await storage.read.receipts.ofBroadcast(broadcastId))
        this.orders.heard(broadcastId, speakerId, view);
  }

  #drainInBackground(): void {
    this.#again = true;
    if (this.#draining) return;
    this.#draining = true;
    this.background(this.#drain(), this.#options.onError);
  }

  async #drain(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        while (await this.#page());
      }
      this.#delays = backoff(RETRY);
    } catch (error) {
      this.#retryLater();
      if (!isDomainError(error, 'message.disconnected') && !isDomainError(error, 'storage.busy')) throw error;
    } finally {
      this.#draining = false;
      if (this.#again && this.running && this.#retry === undefined) this.#drainInBackground();
    }
  }

  /** One page of the outbox; whether there was anything in it. */
  async #page(): Promise<boolean> {
    const { storage } = this.#options;
    const items = await storage.read.broadcasts.outbox(PAGE + this.#unmarked.size);
    const fresh = items.filter(({ seq }) => !this.#unmarked.has(seq));
    for (const item of fresh) {
      try {
        const snapshot = await storage.read.broadcasts.snapshot(item.broadcastId);
        await this.#publish(item, snapshot);
      } catch (error) {
        if (isDomainError(error, 'message.disconnected') || isDomainError(error, 'storage.busy')) throw error;
        // One that no broker takes must not hold up all that come after it.
        this.#options.onError(error);
      }
      this.#unmarked.set(item.seq, item);
    }
    // In the outbox's order, and after all were sent: a database that is held delays no sound.
    for (const item of [...this.#unmarked.values()]) await this.#mark(item);
    return fresh.length > 0;
  }

  async #publish(item: Omit<OutboxItem, 'seq'>, snapshot: TargetSnapshot | null): Promise<void> {
    const { publisher, clock } = this.#options;
    if (clock.now() >= item.expiresAt) return;
    // Entered first: the answer of a fast speaker comes before the last topic is published.
    const order = this.orders.add(item, snapshot, Number.POSITIVE_INFINITY);
    await Promise.all(
      item.topics.map((topic) => {
        const { name, id } = downTopic(topic);
        return publisher.publish(name, id, item.document);
      }),
    );
    this.#resender.published(order);
  }

  async #mark(item: OutboxItem): Promise<void> {
    const { storage, clock, live, settler } = this.#options;
    const now = clock.now();
    const issued = await storage.transaction(async (tx) => {
      await tx.broadcasts.markPublished(item.seq, now);
      if (this.orders.kindOf(item.orderId) !== 'play' || now >= item.expiresAt) return false;
      return tx.broadcasts.transition(item.broadcastId, statesBefore(BROADCAST_STATES, 'issued'), 'issued');
    });
    this.#unmarked.delete(item.seq);
    await settler.watch(item.broadcastId);
    if (!issued) return;
    const broadcast = await storage.read.broadcasts.get(item.broadcastId);
    if (broadcast !== null)
      live.publish('broadcast.changed', {
        broadcastId: broadcast.id,
        areaId: broadcast.areaId,
        state: broadcast.state,
      });
  }

  #retryLater(): void {
    if (!this.running) return;
    this.#retry?.cancel();
    this.#retry = this.#options.clock.setTimer('dispatch: retry', this.#delays.next().value, () => {
      this.#retry = undefined;
      this.#drainInBackground();
    });
  }
}

function downTopic(topic: string): { readonly name: DownTopicName; readonly id: string } {
  const parsed = parseTopic(topic);
  if (parsed === undefined || TOPICS[parsed.name].direction !== 'down')
    throw new Error(`the outbox holds "${topic}", which is no topic that goes down`);
  return { name: parsed.name as DownTopicName, id: parsed.id };
}
