import type { Clock, Milliseconds } from '#kit';
import { DomainError } from '#protocols';

/** Failures without a pause; then each one doubles the pause. */
export interface GuardRule {
  readonly free: number;
  readonly firstMs: Milliseconds;
  readonly mostMs: Milliseconds;
}

/** One name from one address: a person who mistypes, or somebody who guesses. */
export const PAIR_RULE: GuardRule = { free: 5, firstMs: 15_000, mostMs: 15 * 60_000 };
/** One name from everywhere, but for addresses that it is known at: many who guess together. Short, so that nobody is locked out by others. */
export const NAME_RULE: GuardRule = { free: 20, firstMs: 15_000, mostMs: 5 * 60_000 };
/** One address, whatever the names: a carrier puts a commune behind one, hence wide. */
export const ADDRESS_RULE: GuardRule = { free: 60, firstMs: 15_000, mostMs: 5 * 60_000 };
/** After this long without a failure the count begins anew. */
const MEMORY_MS = 60 * 60_000;
const MOST_ENTRIES = 20_000;

interface Count {
  readonly failures: number;
  /** Monotonic. */
  readonly lastAt: Milliseconds;
  readonly openAt: Milliseconds;
}

/**
 * Slows guessing down. It knows names, not accounts: one that does not exist is slowed like one that does. Nothing locks
 * for good, and passkeys, paired phones and open sessions go on whatever is guessed.
 */
export class LoginGuard {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Before an attempt: counts it as failed until `succeeded` says otherwise, so that many at once are no way around. `known`: the name
   * is at home at the address. Throws `login.wait` while this name, this address or both have to wait.
   */
  begin(name: string, address: string, known: boolean): void {
    const now = this.#clock.monotonic();
    const rules = keys(name, address, known);
    const longest = Math.max(...rules.map(([key]) => (this.#counts.get(key)?.openAt ?? 0) - now));
    if (longest > 0) throw new DomainError('login.wait', { seconds: Math.ceil(longest / 1000) });
    for (const [key, { free, firstMs, mostMs }] of rules) {
      const before = this.#counts.get(key);
      const failures = before === undefined || now - before.lastAt > MEMORY_MS ? 1 : before.failures + 1;
      const pauseMs = failures < free ? 0 : Math.min(mostMs, firstMs * 2 ** Math.min(20, failures - free));
      // Put at the end: what was touched longest ago is forgotten first.
      this.#counts.delete(key);
      this.#counts.set(key, { failures, lastAt: now, openAt: now + pauseMs });
    }
    for (const key of this.#counts.keys()) {
      if (this.#counts.size <= MOST_ENTRIES) break;
      this.#counts.delete(key);
    }
  }

  /** The attempt was neither right nor wrong: it does not count. */
  withdraw(name: string, address: string, known: boolean): void {
    for (const [key] of keys(name, address, known)) {
      const count = this.#counts.get(key);
      if (count === undefined) continue;
      if (count.failures <= 1) this.#counts.delete(key);
      else this.#counts.set(key, { ...count, failures: count.failures - 1, openAt: count.lastAt });
    }
  }

  /** The attempt was right: what was mistyped here before counts no more. */
  succeeded(name: string, address: string, known: boolean): void {
    this.withdraw(name, address, known);
    this.#counts.delete(pairKey(name, address));
  }
}

function keys(name: string, address: string, known: boolean): readonly (readonly [string, GuardRule])[] {
  return [
    [pairKey(name, address), PAIR_RULE],
    ...(known ? [] : [[JSON.stringify(['name', name]), NAME_RULE] as const]),
    [JSON.stringify(['address', address]), ADDRESS_RULE],
  ];
}

function pairKey(name: string, address: string): string {
  return JSON.stringify(['pair', name, address]);
}
