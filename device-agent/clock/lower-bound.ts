import type { Instant, Milliseconds } from '#kit';

/** The slowest that a clock may run which counts the time since boot: a crystal that nothing has measured. */
const SLOWEST = 1 - 200e-6;

/**
 * The instant that the true time is not before: the newest signed one, and what has passed since. It grows with the local monotonic time,
 * which no wall clock, NTP or RTC can move; only what the controller has signed moves it otherwise.
 */
export class LowerBound {
  #at: Milliseconds = 0;
  #instant: Instant | undefined;

  /** At a local monotonic time; undefined before anything signed is known. */
  at(at: Milliseconds): Instant | undefined {
    return this.#instant === undefined ? undefined : this.#instant + Math.max(0, at - this.#at) * SLOWEST;
  }

  /** At this local monotonic time it was not before this instant. */
  raise(instant: Instant, at: Milliseconds): void {
    if (instant > (this.at(at) ?? Number.NEGATIVE_INFINITY)) this.replace(instant, at);
  }

  /** The controller has said so just now: an earlier instant than it once said is right, too. */
  replace(instant: Instant, at: Milliseconds): void {
    this.#instant = instant;
    this.#at = at;
  }
}
