import { type Clock, delay, Lifecycle, type Milliseconds } from '#kit';
import { isDomainError } from '#protocols';

export interface SliceWorkerOptions<Item> {
  /** Shows in timers. */
  readonly name: string;
  readonly clock: Clock;
  /** Does one slice; run again with the same items while it throws `storage.busy`. */
  readonly work: (items: readonly Item[]) => Promise<void>;
  /** One item that cannot be done, tried alone. */
  readonly onFailed: (item: Item, error: unknown) => void;
  /** Weight of an item towards `sliceWeight`; 1 by default. */
  readonly weight?: (item: Item) => number;
  /** Weight of a slice at most (a single heavier item goes alone). */
  readonly sliceWeight: number;
  /** Size of an item towards `capacity`; 1 by default. */
  readonly size?: (item: Item) => number;
  /** What may wait in all. */
  readonly capacity: number;
  /** How long the first item of a slice waits for company. */
  readonly collectMs: Milliseconds;
}

/** Pauses between attempts while the database is held by another process. */
const BUSY_RETRY_MS = 250;
/** Finished items are cut off the queue's front in lumps of this many. */
const COMPACT_AT = 1_024;

/**
 * A bounded queue whose items are worked off in slices, one slice at a time, in order. While the storage is busy nothing is
 * lost and nothing is taken out; what does not fit any more is refused at the door.
 */
export class SliceWorker<Item> extends Lifecycle {
  readonly #options: SliceWorkerOptions<Item>;
  #queue: Item[] = [];
  #head = 0;
  #size = 0;
  #weight = 0;
  #active = false;
  #open = false;
  #stopping = new AbortController();
  /** Ends the wait for company. */
  #full: (() => void) | undefined;

  constructor(options: SliceWorkerOptions<Item>) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    this.#stopping = new AbortController();
    this.#open = true;
    this.disposers.defer('queue', () => {
      this.#open = false;
      this.#stopping.abort(new Error('stopped'));
    });
    this.#wake();
  }

  /** What is waiting or being worked on, in units of `size`. */
  get size(): number {
    return this.#size;
  }

  /** Items that are waiting or being worked on. */
  get count(): number {
    return this.#queue.length - this.#head;
  }

  /** Puts an item at the end; false when it does not fit. */
  offer(item: Item): boolean {
    const size = this.#options.size?.(item) ?? 1;
    if (this.#size + size > this.#options.capacity && this.#size > 0) return false;
    this.#queue.push(item);
    this.#size += size;
    this.#weight += this.#weightOf(item);
    if (this.#weight >= this.#options.sliceWeight) this.#full?.();
    this.#wake();
    return true;
  }

  #wake(): void {
    if (this.#active || !this.#open || this.#head === this.#queue.length) return;
    this.#active = true;
    // Work failures are handled inside; nothing else can throw here.
    this.background(this.#run(), () => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      while (!signal.aborted && this.#head < this.#queue.length) {
        await this.#company(signal);
        if (signal.aborted) return;
        const slice = this.#nextSlice();
        await this.#attempt(slice, signal);
        this.#done(slice);
      }
    } finally {
      this.#active = false;
      if (!signal.aborted) this.#wake();
    }
  }

  async #company(signal: AbortSignal): Promise<void> {
    const { clock, name, collectMs, sliceWeight } = this.#options;
    if (this.#weight >= sliceWeight || collectMs <= 0) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#full = undefined;
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = clock.setTimer(`${name}: collect`, collectMs, end);
      signal.addEventListener('abort', end);
      this.#full = end;
    });
  }

  #nextSlice(): Item[] {
    const slice: Item[] = [];
    let weight = 0;
    for (let at = this.#head; at < this.#queue.length; at++) {
      const item = this.#queue[at] as Item;
      weight += this.#weightOf(item);
      if (slice.length > 0 && weight > this.#options.sliceWeight) break;
      slice.push(item);
    }
    return slice;
  }

  #done(slice: readonly Item[]): void {
    this.#head += slice.length;
    for (const item of slice) {
      this.#size -= this.#options.size?.(item) ?? 1;
      this.#weight -= this.#weightOf(item);
    }
    if (this.#head === this.#queue.length || this.#head >= COMPACT_AT) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  async #attempt(slice: readonly Item[], signal: AbortSignal): Promise<void> {
    const { clock, name, work, onFailed } = this.#options;
    while (!signal.aborted) {
      try {
        await work(slice);
        return;
      } catch (error) {
        if (isDomainError(error, 'storage.busy')) {
          await delay(clock, `${name}: retry`, BUSY_RETRY_MS, signal).catch(() => undefined);
          continue;
        }
        const [item] = slice;
        if (slice.length === 1 && item !== undefined) onFailed(item, error);
        // One bad item must not take its neighbours along.
        else for (const one of slice) await this.#attempt([one], signal);
        return;
      }
    }
  }

  #weightOf(item: Item): number {
    return this.#options.weight?.(item) ?? 1;
  }
}
