import { type Clock, delay, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { isDomainError } from '#protocols';
import type { LiveOrder, LiveOrders } from './live-orders.ts';
import type { OrderPublisher } from './publisher.ts';

/** Pauses between two sendings of an unanswered order; the last is repeated. */
const PAUSES_MS: readonly Milliseconds[] = [5_000, 10_000, 20_000, 40_000, 60_000];
/** Orders sent again in one go, and the pause after it: at most 1,000 a second, so that a healthy order is not held up. */
const BURST = 25;
const BURST_PAUSE_MS = 25;
/** The table is looked at no less often: a wall clock that was set forward is noticed. */
const LOOK_MS = 30_000;

export interface ResenderOptions {
  readonly orders: LiveOrders;
  readonly publisher: OrderPublisher;
  readonly clock: Clock;
  /** Whether a speaker is there to be told. */
  readonly isOnline: (speakerId: string) => boolean;
  readonly onError: (error: unknown) => void;
}

/** Sends unanswered orders again, each on its speaker's own topic: after a hello at once, else with growing pauses until they expire. */
export class Resender extends Lifecycle {
  readonly #options: ResenderOptions;
  #timer: Timer | undefined;
  #stopping = new AbortController();
  #resent = 0;

  constructor(options: ResenderOptions) {
    super();
    this.#options = options;
  }

  /** Orders sent again since the start. */
  get resent(): number {
    return this.#resent;
  }

  protected async onStart(): Promise<void> {
    this.#stopping = new AbortController();
    this.disposers.defer('resend timer', () => {
      this.#stopping.abort(new Error('stopped'));
      this.#timer?.cancel();
    });
    this.#arm();
  }

  /** The first look at an order that was just published. */
  published(order: LiveOrder): void {
    order.nextAt = this.#options.clock.now() + pauseAfter(order.attempt);
    this.#arm();
  }

  /** Sends one speaker everything that it has not answered. */
  async sendDue(speakerId: string): Promise<void> {
    const { orders, clock } = this.#options;
    for (const order of orders.dueFor(speakerId, clock.now())) await this.#send(order, speakerId);
  }

  #arm(): void {
    const { clock, orders } = this.#options;
    if (this.#stopping.signal.aborted) return;
    this.#timer?.cancel();
    const now = clock.now();
    const next = Math.min(now + LOOK_MS, ...orders.all().map(({ nextAt }) => nextAt));
    this.#timer = clock.setTimer('orders: resend', Math.max(1, next - now), () =>
      this.background(this.#round(), this.#options.onError),
    );
  }

  async #round(): Promise<void> {
    const { orders, clock, publisher } = this.#options;
    const { signal } = this.#stopping;
    const now = clock.now();
    orders.expire(now);
    const due = orders.all().filter(({ nextAt }) => nextAt <= now);
    for (const order of due) {
      order.attempt += 1;
      order.nextAt = now + pauseAfter(order.attempt);
    }
    try {
      if (publisher.connected) for (const order of due) await this.#again(order, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#arm();
    }
  }

  async #again(order: LiveOrder, signal: AbortSignal): Promise<void> {
    const { orders, clock, isOnline } = this.#options;
    if (order.kind === 'play' && orders.isCancelled(order.broadcastId)) return;
    const speakers = [...order.unanswered].filter(isOnline);
    for (let at = 0; at < speakers.length; at += BURST) {
      if (at > 0) await delay(clock, 'orders: resend pause', BURST_PAUSE_MS, signal);
      if (clock.now() >= order.expiresAt) return;
      const burst = speakers.slice(at, at + BURST).filter((speakerId) => order.unanswered.has(speakerId));
      await Promise.all(burst.map((speakerId) => this.#send(order, speakerId)));
    }
  }

  async #send(order: LiveOrder, speakerId: string): Promise<void> {
    try {
      await this.#options.publisher.publish('order', speakerId, order.document);
      this.#resent += 1;
    } catch (error) {
      // Still unanswered, so it is sent again.
      if (!isDomainError(error, 'message.disconnected')) this.#options.onError(error);
    }
  }
}

function pauseAfter(attempt: number): Milliseconds {
  return PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] as Milliseconds;
}
