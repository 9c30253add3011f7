import type { Clock, Instant, Milliseconds } from '#kit';
import type { Storage } from '../unit-of-work.ts';
import type { StoredHead } from './audit-head-store.ts';

/** A place outside this box. `send` resolves when the head is there; the same one may come twice. */
export interface HeadPlace {
  readonly name: 'folder' | 'mail';
  send(head: StoredHead): Promise<void>;
}

/** How far a place has come. */
export interface PlaceState {
  readonly name: HeadPlace['name'];
  /** Number of the last head that got there; 0: none. */
  readonly sent: number;
  readonly failedAt: Instant | null;
  /** Why the last attempt failed; null when it did not. */
  readonly error: string | null;
}

const BATCH = 50;
/** It is tried each hour: who lacks a head longer than this has failed. */
const LATE_MS: Milliseconds = 2 * 3_600_000;
const ERROR_LENGTH = 200;

export interface HeadDeliveryOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly places: readonly HeadPlace[];
  readonly onError: (place: string, error: unknown) => void;
}

/** Takes each head outside, in order, to each place by itself. What fails is tried again with the next hour's housekeeping, none is left out. */
export class HeadDelivery {
  readonly #options: HeadDeliveryOptions;
  readonly #failures = new Map<string, { readonly failedAt: Instant; readonly error: string }>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: HeadDeliveryOptions) {
    this.#options = options;
  }

  /** Sends what is still to be sent; never rejects. One run at a time. */
  deliver(): Promise<void> {
    this.#running = this.#running.then(async () => {
      for (const place of this.#options.places) await this.#deliverTo(place);
    });
    return this.#running;
  }

  states(): Promise<PlaceState[]> {
    return Promise.all(
      this.#options.places.map(async ({ name }) => {
        const { failedAt = null, error = null } = this.#failures.get(name) ?? {};
        return { name, sent: await this.#sent(name), failedAt, error };
      }),
    );
  }

  /** The places that lack a head: that could not be sent, or should have been long ago. */
  async behind(): Promise<HeadPlace['name'][]> {
    const { storage, clock } = this.#options;
    const found: HeadPlace['name'][] = [];
    for (const { name, sent, failedAt } of await this.states()) {
      const [first] = await storage.read.auditHeads.after(sent, 1);
      if (first !== undefined && (failedAt !== null || clock.now() - first.issuedAt > LATE_MS))
        found.push(name);
    }
    return found;
  }

  async #deliverTo(place: HeadPlace): Promise<void> {
    const { storage, clock, onError } = this.#options;
    try {
      for (;;) {
        const heads = await storage.read.auditHeads.after(await this.#sent(place.name), BATCH);
        for (const head of heads) {
          await place.send(head);
          await storage.transaction((tx) => tx.settings.put(mark(place.name), String(head.n), clock.now()));
        }
        if (heads.length < BATCH) break;
      }
      this.#failures.delete(place.name);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const failedAt = Math.floor(clock.now());
      this.#failures.set(place.name, { failedAt, error: text.slice(0, ERROR_LENGTH) });
      onError(place.name, error);
    }
  }

  async #sent(name: HeadPlace['name']): Promise<number> {
    return Number((await this.#options.storage.read.settings.get(mark(name))) ?? 0);
  }
}

function mark(name: HeadPlace['name']): string {
  return `audit-heads.sent.${name}`;
}
