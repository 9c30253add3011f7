import { randomBytes } from 'node:crypto';
import type { LiveEvent, LiveEventMap, LiveEventName, LiveEvents } from './live-events.ts';

/** A published event and its place in this process's series. */
export interface NumberedEvent {
  readonly n: number;
  readonly event: LiveEvent;
}

/** Where a reader stands: the number of the next event. `lost`: what it wanted is not kept any more. */
export interface EventPosition {
  readonly next: number;
  readonly lost: boolean;
}

/**
 * The last events of this process in a ring. Readers hold a position and read at their own pace: nothing is queued for
 * each, and a reader that falls further behind than the ring is long is told so.
 */
export class EventHub implements LiveEvents {
  /** Names this run of the process: after a restart older ids mean nothing. */
  readonly epoch: string;
  readonly #ring: (LiveEvent | undefined)[];
  #count = 0;
  readonly #listeners = new Set<() => void>();

  constructor(options: { readonly capacity?: number; readonly epoch?: string } = {}) {
    this.#ring = new Array<LiveEvent | undefined>(options.capacity ?? 20_000);
    this.epoch = options.epoch ?? randomBytes(6).toString('hex');
  }

  publish<Name extends LiveEventName>(name: Name, data: LiveEventMap[Name]): void {
    // The union is by name; the pair is right by this function's own signature.
    this.#ring[this.#count % this.#ring.length] = { name, data } as LiveEvent;
    this.#count++;
    for (const listener of this.#listeners) listener();
  }

  /** Position behind the newest event. */
  get end(): number {
    return this.#count;
  }

  /** Number of the oldest event that is kept. */
  get oldest(): number {
    return Math.max(0, this.#count - this.#ring.length);
  }

  /** Calls `listener` after each publication. */
  onPublish(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Up to `most` events from a position on; undefined when they are not kept any more. */
  read(from: number, most: number): readonly NumberedEvent[] | undefined {
    if (from < this.oldest) return undefined;
    const events: NumberedEvent[] = [];
    for (let n = from; n < this.#count && events.length < most; n++) {
      const event = this.#ring[n % this.#ring.length];
      if (event !== undefined) events.push({ n, event });
    }
    return events;
  }

  /** The `Last-Event-ID` of a reader whose next event is number `next`. */
  idBefore(next: number): string {
    return `${this.epoch}-${next}`;
  }

  /** Where to go on after a `Last-Event-ID`; without one, now. */
  after(lastEventId: string | undefined): EventPosition {
    if (lastEventId === undefined || lastEventId === '') return { next: this.end, lost: false };
    const [epoch, number = ''] = lastEventId.split('-');
    const next = /^\d{1,15}$/.test(number) ? Number(number) : -1;
    const known = epoch === this.epoch && next >= this.oldest && next <= this.end;
    return known ? { next, lost: false } : { next: this.end, lost: true };
  }
}
