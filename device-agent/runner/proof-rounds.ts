import { type Clock, Exclusive, Lifecycle } from '#kit';
import type { FileContent } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { Log } from '../log.ts';
import type { OpenItems } from './open-items.ts';
import type { PlayItem } from './play-item.ts';

/** So long before an item begins its files are proved again: a damaged one is noticed with time to fetch it. */
const BEFORE_MS = [60 * 60_000, 90_000];

/** What was proved within this time is not read again. */
const RECENT_MS = 10 * 60_000;

export interface ProofRoundsOptions {
  readonly clock: Clock;
  readonly cache: Pick<ContentCache, 'provedAtMs' | 'verify'>;
  readonly items: OpenItems;
  readonly log: Log;
}

/**
 * Proves what is to sound ahead of its time, one file after the other, so that nothing has to be read whole at the planned instant.
 * What has been damaged is fetched again.
 */
export class ProofRounds extends Lifecycle {
  readonly #options: ProofRoundsOptions;
  readonly #one = new Exclusive();

  constructor(options: ProofRoundsOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    this.disposers.defer('proofs', () => this.idle());
  }

  /** To be called at least every half minute. `now`: the instant, by the best knowledge. */
  look(now: number): void {
    for (const item of this.#options.items) {
      const due = BEFORE_MS.filter((beforeMs) => item.plannedAt - now <= beforeMs).length;
      if (due <= item.proofs || !item.fetched || item.fetching) continue;
      item.proofs = due;
      for (const content of item.files)
        this.background(
          this.#one.run(() => this.#prove(item, content)),
          (error) => this.#options.log.error('content cannot be proved', { orderId: item.id, error }),
        );
    }
  }

  async #prove(item: PlayItem, content: FileContent): Promise<void> {
    const { cache, clock, items, log } = this.#options;
    const { sha256 } = content;
    if (!this.running || !items.has(item)) return;
    const provedAtMs = (await cache.provedAtMs(content)) ?? Number.NEGATIVE_INFINITY;
    if (clock.monotonic() - provedAtMs < RECENT_MS) return;
    if (await cache.verify(content)) return;
    log.warn('content that is to sound soon is fetched again', { orderId: item.id, sha256 });
    items.fetchAgain(sha256);
  }
}
