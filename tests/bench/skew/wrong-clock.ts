import type { Clock, Instant, Milliseconds, Timer } from '#kit';

/** The clock of a machine whose wall clock is set wrong and whose crystal is off. */
export class WrongClock implements Clock {
  readonly #base: Clock;
  readonly #wallOffsetMs: Milliseconds;
  readonly #rate: number;
  readonly #startMs: Milliseconds;

  /** `ppm`: how much faster than true time it runs, from now on. */
  constructor(options: { readonly base: Clock; readonly wallOffsetMs: Milliseconds; readonly ppm: number }) {
    this.#base = options.base;
    this.#wallOffsetMs = options.wallOffsetMs;
    this.#rate = 1 + options.ppm / 1e6;
    this.#startMs = options.base.monotonic();
  }

  now(): Instant {
    const gainedMs = this.monotonic() - this.#base.monotonic();
    return this.#base.now() + this.#wallOffsetMs + gainedMs;
  }

  monotonic(): Milliseconds {
    return this.#startMs + (this.#base.monotonic() - this.#startMs) * this.#rate;
  }

  setTimer(name: string, delayMs: Milliseconds, fire: () => void): Timer {
    return this.#base.setTimer(name, delayMs / this.#rate, fire);
  }
}
