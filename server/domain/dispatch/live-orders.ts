import type { Instant } from '#kit';
import { DELIVERY_STATES, type DeliveryView, isFinal, sha256, targetsInclude } from '#protocols';
import type { DueOrder, TargetSnapshot } from '../broadcasts/broadcast.ts';
import type { OrderDirectory, SpeakerAreas } from '../deliveries/observer.ts';
import { readOrder } from './read-order.ts';

/** An order that may still be answered. */
export interface LiveOrder extends DueOrder {
  readonly kind: 'play' | 'cancel';
  /** SHA-256 of the signed text. */
  readonly hash: string;
  readonly expiresAt: Instant;
  /** Targets that have not answered. */
  readonly unanswered: Set<string>;
  /** How often it was sent again to all who had not answered. */
  attempt: number;
  /** When it is looked at next. */
  nextAt: Instant;
}

/** The orders that are in force, and who has not answered them: in memory, rebuilt at start from the database. */
export class LiveOrders implements OrderDirectory {
  readonly #areas: SpeakerAreas;
  readonly #orders = new Map<string, LiveOrder>();
  readonly #ofBroadcast = new Map<string, LiveOrder[]>();

  constructor(areas: SpeakerAreas) {
    this.#areas = areas;
  }

  /** Enters an order; of one that is known the answers so far stay. Throws what `readOrder` throws. */
  add(order: DueOrder, snapshot: TargetSnapshot | null, nextAt: Instant): LiveOrder {
    const known = this.#orders.get(order.orderId);
    if (known !== undefined) return known;
    const header = readOrder(order.document);
    const targets = (snapshot?.speakerIds ?? header.targets.speakers).filter((speakerId) =>
      targetsInclude(header.targets, speakerId, this.#areas.areasOf(speakerId)),
    );
    const live: LiveOrder = {
      ...order,
      kind: header.kind === 'cancel' ? 'cancel' : 'play',
      hash: sha256(order.document),
      expiresAt: header.expiresAt,
      unanswered: new Set(targets),
      attempt: 0,
      nextAt,
    };
    this.#orders.set(order.orderId, live);
    this.#ofBroadcast.set(order.broadcastId, [...(this.#ofBroadcast.get(order.broadcastId) ?? []), live]);
    return live;
  }

  get size(): number {
    return this.#orders.size;
  }

  all(): readonly LiveOrder[] {
    return [...this.#orders.values()];
  }

  kindOf(orderId: string): 'play' | 'cancel' | undefined {
    return this.#orders.get(orderId)?.kind;
  }

  hashOf(orderId: string): string | undefined {
    return this.#orders.get(orderId)?.hash;
  }

  answered(orderId: string, speakerId: string): void {
    this.#orders.get(orderId)?.unanswered.delete(speakerId);
  }

  /** What the journal tells is an answer too. Where a broadcast was put off, what is on its way may be said of the order before: only an end is of the last. */
  heard(broadcastId: string, speakerId: string, view: DeliveryView): void {
    const settled = isFinal(DELIVERY_STATES, view.state);
    const orders = this.#ofBroadcast.get(broadcastId) ?? [];
    const plays = orders.filter(({ kind }) => kind === 'play');
    const putOff = plays.length > 1 ? plays.at(-1) : undefined;
    for (const order of orders) {
      const answered = order.kind === 'play' && order !== putOff ? view.state !== 'pending' : settled;
      if (answered) order.unanswered.delete(speakerId);
    }
  }

  /** What a speaker has not answered, oldest first. Of a broadcast that was taken back only the cancellation. */
  dueFor(speakerId: string, now: Instant): LiveOrder[] {
    const due = this.all().filter((order) => now < order.expiresAt && order.unanswered.has(speakerId));
    return due.filter((order) => order.kind === 'cancel' || !this.isCancelled(order.broadcastId));
  }

  /** Whether a cancellation of this broadcast is in force. */
  isCancelled(broadcastId: string): boolean {
    return (this.#ofBroadcast.get(broadcastId) ?? []).some(({ kind }) => kind === 'cancel');
  }

  /** Forgets what expired. */
  expire(now: Instant): void {
    for (const order of this.#orders.values()) {
      if (now < order.expiresAt) continue;
      this.#orders.delete(order.orderId);
      const rest = (this.#ofBroadcast.get(order.broadcastId) ?? []).filter((one) => one !== order);
      if (rest.length === 0) this.#ofBroadcast.delete(order.broadcastId);
      else this.#ofBroadcast.set(order.broadcastId, rest);
    }
  }
}
