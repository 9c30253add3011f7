import { backoff, type Clock, delay, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { isDomainError, scopeOfKey } from '#protocols';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { StoredLatch } from './latch.ts';

const RETRY = { baseMs: 200, maxMs: 5_000 } as const;
/** The answer to a person waits so long for the broker at most. */
const PATIENCE_MS = 1_000;

export interface LatchSenderOptions {
  readonly publisher: OrderPublisher;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Publishes each latch once on the topic of its scope; what the broker did not take is tried again until a newer one replaces it. */
export class LatchSender extends Lifecycle {
  readonly #options: LatchSenderOptions;
  /** The newest unpublished latch of each scope. */
  readonly #due = new Map<string, StoredLatch>();
  #delays: Generator<Milliseconds, never> = backoff(RETRY);
  #retry: Timer | undefined;

  constructor(options: LatchSenderOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('latch sender', () => {
      this.#retry?.cancel();
      this.#retry = undefined;
    });
    this.kick();
  }

  /** Resolves when the broker has taken it, or after a second: then it is tried on. */
  async send(latch: StoredLatch): Promise<void> {
    this.#due.set(latch.scope, latch);
    const sent = this.#publish(latch);
    this.background(sent, this.#options.onError);
    const answered = new AbortController();
    const patience = delay(this.#options.clock, 'latches: broker', PATIENCE_MS, answered.signal);
    await Promise.race([sent.catch(() => undefined), patience]);
    answered.abort();
  }

  /** The broker is there again. */
  kick(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    for (const latch of this.#due.values()) this.background(this.#publish(latch), this.#options.onError);
  }

  async #publish(latch: StoredLatch): Promise<void> {
    const { kind, id } = scopeOfKey(latch.scope);
    try {
      await this.#options.publisher.publish(kind === 'area' ? 'areaLatch' : 'latch', id, latch.document);
      if (this.#due.get(latch.scope) === latch) this.#due.delete(latch.scope);
      if (this.#due.size === 0) this.#delays = backoff(RETRY);
    } catch (error) {
      this.#again();
      if (!isDomainError(error, 'message.disconnected')) throw error;
    }
  }

  #again(): void {
    if (this.#retry !== undefined || !this.running) return;
    const { clock } = this.#options;
    this.#retry = clock.setTimer('latches: publish again', this.#delays.next().value, () => this.kick());
  }
}
