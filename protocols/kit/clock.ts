/**
 * Time as a port. Nothing in domain code reads the machine's clock or sets a bare timer: it is handed a
 * `Clock`, so a test can move time and a timer that leaks can be named.
 */

/** An instant: milliseconds since 1970-01-01T00:00:00Z. Fractions are allowed where sub-millisecond matters. */
export type Instant = number;

/** A span of time in milliseconds. Names of values end in `Ms`. */
export type Milliseconds = number;

/** A timer that was set and may be taken back. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  readonly name: string;
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time in UTC. May jump in either direction. */
  now(): Instant;
  /** Milliseconds that only ever grow, counting time spent in suspend where the system can tell. The zero is arbitrary. */
  monotonic(): Milliseconds;
  /**
   * Calls `fire` once, `delayMs` of monotonic time from now (at once, but never synchronously, when it is ≤ 0).
   * `name` shows in leak reports. What `fire` throws is the process's unhandled error: callers handle their own.
   */
  setTimer(name: string, delayMs: Milliseconds, fire: () => void): Timer;
}

/** Longest delay that Node's own timers take; longer ones fire at once (and warn). */
const LONGEST_NODE_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. `now` has sub-millisecond resolution and is never further than 1 ms from `Date.now()`. */
export class SystemClock implements Clock {
  /** Wall-clock instant of the monotonic zero, as far as whole milliseconds tell. */
  #origin = Date.now() - performance.now();

  now(): Instant {
    const fine = this.#origin + performance.now();
    const whole = Date.now();
    // The wall clock is slewed and stepped; the fraction is ours, the milliseconds are its.
    const kept = Math.min(Math.max(fine, whole), whole + 0.999);
    this.#origin += kept - fine;
    return kept;
  }

  monotonic(): Milliseconds {
    return performance.now();
  }

  setTimer(name: string, delayMs: Milliseconds, fire: () => void): Timer {
    const due = this.monotonic() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = () => {
      const rest = due - this.monotonic();
      if (rest > LONGEST_NODE_TIMER_MS) handle = setTimeout(arm, LONGEST_NODE_TIMER_MS);
      else handle = setTimeout(fire, Math.max(0, rest));
    };
    arm();
    return { name, cancel: () => clearTimeout(handle) };
  }
}

/**
 * Resolves after `delayMs` of the clock's monotonic time; rejects with the signal's reason when it is aborted
 * first. Leaves no timer and no listener behind in either case.
 */
export function delay(
  clock: Clock,
  name: string,
  delayMs: Milliseconds,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(name, delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Calls `run` every `everyMs`, the next call counted from the end of the last one, until cancelled. Its failures go to `onError`. */
export function repeat(
  clock: Clock,
  name: string,
  everyMs: Milliseconds,
  run: () => void | Promise<void>,
  onError: (error: unknown) => void,
): Timer {
  let cancelled = false;
  let timer: Timer;
  const next = () => {
    if (cancelled) return;
    timer = clock.setTimer(name, everyMs, () => {
      void (async () => run())().catch(onError).finally(next);
    });
  };
  next();
  return {
    name,
    cancel: () => {
      cancelled = true;
      timer.cancel();
    },
  };
}
