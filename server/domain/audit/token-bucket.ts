import type { Clock, Milliseconds } from '#kit';

/** So many at once, and then one each `refillMs`. */
export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #capacity: number;
  readonly #refillMs: Milliseconds;
  #tokens: number;
  #at: Milliseconds;

  constructor(clock: Pick<Clock, 'monotonic'>, capacity: number, refillMs: Milliseconds) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#refillMs = refillMs;
    this.#tokens = capacity;
    this.#at = clock.monotonic();
  }

  has(): boolean {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#at) / this.#refillMs);
    this.#at = now;
    return this.#tokens >= 1;
  }

  /** Takes one; `has` was true. */
  take(): void {
    this.#tokens -= 1;
  }
}
