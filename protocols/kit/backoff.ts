import type { Milliseconds } from './clock.ts';

export interface BackoffOptions {
  /** First delay before jitter. */
  readonly baseMs: Milliseconds;
  /** No delay is longer than this, jitter included. */
  readonly maxMs: Milliseconds;
  /** Each delay is this many times the one before; 2 by default. */
  readonly factor?: number;
  /** A number in [0, 1) at each call; `Math.random` by default. */
  readonly random?: () => number;
}

/**
 * An endless series of delays: exponential growth with "equal jitter" (half fixed, half random), so that a
 * commune's loudspeakers do not all come back in the same instant after a power cut. A new iterator starts
 * again from the base: after a success, make a new one.
 */
export function* backoff(options: BackoffOptions): Generator<Milliseconds, never> {
  const { baseMs, maxMs, factor = 2, random = Math.random } = options;
  let ceiling = Math.min(baseMs, maxMs);
  while (true) {
    yield ceiling / 2 + random() * (ceiling / 2);
    ceiling = Math.min(ceiling * factor, maxMs);
  }
}
