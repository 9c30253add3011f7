import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, Exclusive, type Instant, type Milliseconds, type Timer } from '#kit';

interface PendingTimer {
  readonly name: string;
  /** Monotonic time at which it fires. */
  readonly dueMs: Milliseconds;
  /** Timers due at the same time fire in the order in which they were set. */
  readonly order: number;
  readonly fire: () => void;
}

interface Waiter {
  readonly name: string;
  readonly found: () => void;
}

/** The instant at which a `FakeClock` starts unless told otherwise: Monday 2026-01-05, 05:00 in Vietnam. */
export const FAKE_START: Instant = Date.UTC(2026, 0, 4, 22, 0, 0);

/**
 * A clock that moves only when the test moves it. Only timers are faked: files, sockets and processes stay real,
 * and `advance` gives them a turn of the event loop between two timers. What real I/O still has under way when
 * `advance` returns is awaited by the test through its own event or promise, never by advancing further.
 */
export class FakeClock implements Clock {
  #wallOffsetMs: Milliseconds;
  #monotonicMs: Milliseconds = 0;
  #nextOrder = 0;
  readonly #pending = new Set<PendingTimer>();
  readonly #waiters = new Set<Waiter>();
  readonly #advances = new Exclusive();

  constructor(options: { readonly start?: Instant } = {}) {
    this.#wallOffsetMs = options.start ?? FAKE_START;
  }

  now(): Instant {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonic(): Milliseconds {
    return this.#monotonicMs;
  }

  setTimer(name: string, delayMs: Milliseconds, fire: () => void): Timer {
    const timer: PendingTimer = {
      name,
      dueMs: this.#monotonicMs + Math.max(0, delayMs),
      order: this.#nextOrder++,
      fire,
    };
    this.#pending.add(timer);
    // The contract of the port: a delay of zero or less needs no advance, and is never synchronous.
    if (delayMs <= 0) setImmediate(() => this.#fire(timer));
    for (const waiter of this.#waiters) if (waiter.name === name) waiter.found();
    return { name, cancel: () => void this.#pending.delete(timer) };
  }

  /**
   * Moves wall and monotonic time forward together. Every timer that comes due fires at its own time and in order,
   * those set on the way included; microtasks and one turn of the event loop run before the first, between two,
   * and after the last. Several calls at once queue up.
   */
  advance(ms: Milliseconds): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`advance takes a span of zero or more, not ${ms}`);
    return this.#advances.run(async () => {
      const targetMs = this.#monotonicMs + ms;
      await settle();
      for (let timer = this.#earliest(targetMs); timer !== undefined; timer = this.#earliest(targetMs)) {
        this.#monotonicMs = Math.max(this.#monotonicMs, timer.dueMs);
        this.#fire(timer);
        await settle();
      }
      this.#monotonicMs = targetMs;
      await settle();
    });
  }

  /** How long it is until the earliest timer is due; null when there is none. */
  nextTimerInMs(): Milliseconds | null {
    const timer = this.#earliest(Number.POSITIVE_INFINITY);
    return timer === undefined ? null : Math.max(0, timer.dueMs - this.#monotonicMs);
  }

  /** Advances exactly to the earliest timer and fires what is due then; does nothing when there is none. */
  async advanceToNextTimer(): Promise<void> {
    await settle();
    const timer = this.#earliest(Number.POSITIVE_INFINITY);
    if (timer !== undefined) await this.advance(Math.max(0, timer.dueMs - this.#monotonicMs));
  }

  /** Moves the wall clock only, in either direction, as an administrator or NTP does. Timers are not touched. */
  jump(ms: Milliseconds): void {
    this.#wallOffsetMs += ms;
  }

  /** Names of the timers that are set and have not fired, the earliest first: for leak checks. */
  pendingTimers(): string[] {
    return [...this.#pending].sort(byDueTime).map((timer) => timer.name);
  }

  /** Resolves as soon as a timer of this name is pending: the way to wait for real I/O that ends by setting one. */
  whenPending(name: string): Promise<void> {
    if ([...this.#pending].some((timer) => timer.name === name)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        name,
        found: () => {
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
    });
  }

  #fire(timer: PendingTimer): void {
    if (this.#pending.delete(timer)) timer.fire();
  }

  #earliest(untilMs: Milliseconds): PendingTimer | undefined {
    let earliest: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.dueMs > untilMs) continue;
      if (earliest === undefined || byDueTime(timer, earliest) < 0) earliest = timer;
    }
    return earliest;
  }
}

function byDueTime(a: PendingTimer, b: PendingTimer): number {
  return a.dueMs - b.dueMs || a.order - b.order;
}

/** Lets microtasks run to the end, then one turn of the event loop, in which finished I/O calls back. */
async function settle(): Promise<void> {
  await nextTurn();
}
