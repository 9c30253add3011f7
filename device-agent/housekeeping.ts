import { type Clock, Lifecycle, type Timer } from '#kit';
import type { TrustedTime } from './clock/index.ts';
import type { Journal } from './journal/journal.ts';
import type { Log } from './log.ts';
import type { OrderStore } from './state/order-store.ts';

const EVERY_MS = 6 * 3_600_000;

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly time: TrustedTime;
  readonly orders: OrderStore;
  readonly journal: Journal;
}

/** Forgets what is over and told, from time to time, as far as time is trusted. */
export class Housekeeping extends Lifecycle {
  readonly #options: HousekeepingOptions;
  #timer: Timer | undefined;

  constructor(options: HousekeepingOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    this.disposers.defer('housekeeping', () => this.#timer?.cancel());
    this.#soon(0);
  }

  #soon(afterMs: number): void {
    const { clock, log } = this.#options;
    this.#timer = clock.setTimer('housekeeping', afterMs, () =>
      this.background(this.#prune(), (error) => log.error('housekeeping failed', { error })),
    );
  }

  async #prune(): Promise<void> {
    const { time, orders, journal } = this.#options;
    const now = time.now();
    if (now.trust === 'trusted') {
      const acked = new Map(journal.epochs.map(({ epoch, ackedSeq }) => [epoch, ackedSeq]));
      // An epoch that is gone was acknowledged whole.
      await orders.prune(now.instant, (epoch, seq) => (acked.get(epoch) ?? seq) >= seq);
      await journal.prune(now.instant);
    }
    this.#soon(EVERY_MS);
  }
}
