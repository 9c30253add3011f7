import { addressGroup, type Clock, type Milliseconds } from '#kit';
import { DomainError } from '#protocols';

/** Failures without a pause; then each one doubles the pause. */
export interface GuardRule {
  readonly free: number;
  readonly firstMs: Milliseconds;
  readonly mostMs: Milliseconds;
  /** After this long without a failure the count begins anew. */
  readonly memoryMs: Milliseconds;
}

const HOUR_MS = 60 * 60_000;

/** One name from one address, or from a device that it is known on: a person who mistypes, or somebody who guesses. */
export const PAIR_RULE: GuardRule = { free: 5, firstMs: 15_000, mostMs: 15 * 60_000, memoryMs: HOUR_MS };
/** One name from everywhere but the devices that it is known on, or in all of its sessions: many who guess together. */
export const NAME_RULE: GuardRule = { free: 20, firstMs: 15_000, mostMs: 5 * 60_000, memoryMs: HOUR_MS };
/** One address, whatever the names: a carrier puts a commune behind one, hence wide. */
export const ADDRESS_RULE: GuardRule = { free: 60, firstMs: 15_000, mostMs: 5 * 60_000, memoryMs: HOUR_MS };
/** Who is in, and proves once more who he is. It is never forgotten but by a success, and the session ends at the tenth. */
export const SESSION_RULE: GuardRule = { ...PAIR_RULE, memoryMs: Number.POSITIVE_INFINITY };
/** Wrong proofs after which a session is ended. */
export const MOST_IN_SESSION = 10;
const MOST_ENTRIES = 20_000;

/** Somebody proves, or claims, that he is a person. */
export interface Attempt {
  /** Null: a passkey that is nobody's. */
  readonly name: string | null;
  readonly address: string;
  /** The session that it is made in: where it comes from does not matter then. */
  readonly session?: string | undefined;
  /** The device on which this person logged in before: others' guesses do not matter then. */
  readonly device?: string | undefined;
}

interface Count {
  readonly failures: number;
  /** Monotonic. */
  readonly lastAt: Milliseconds;
  readonly openAt: Milliseconds;
}

type Bucket = readonly [key: string, rule: GuardRule];

/**
 * Slows guessing down. It knows names, not accounts: one that does not exist is slowed like one that does. Nothing locks
 * for good, and passkeys, open sessions and devices that a person is known on go on whatever others guess.
 */
export class LoginGuard {
  readonly #clock: Clock;
  /** Of strangers, who could push others' counts out; and of sessions and known devices, which they cannot make. */
  readonly #strangers = new Map<string, Count>();
  readonly #known = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Before an attempt: counts it as failed until `succeeded` says otherwise, so that many at once are no way around. Throws `login.wait` while
   * one of the buckets that it falls into has to wait.
   */
  begin(attempt: Attempt): void {
    const now = this.#clock.monotonic();
    const counts = this.#countsOf(attempt);
    const buckets = bucketsOf(attempt);
    const longest = Math.max(...buckets.map(([key]) => (counts.get(key)?.openAt ?? 0) - now));
    if (longest > 0) throw new DomainError('login.wait', { seconds: Math.ceil(longest / 1000) });
    for (const [key, { free, firstMs, mostMs, memoryMs }] of buckets) {
      const before = counts.get(key);
      const failures = before === undefined || now - before.lastAt > memoryMs ? 1 : before.failures + 1;
      const pauseMs = failures < free ? 0 : Math.min(mostMs, firstMs * 2 ** Math.min(20, failures - free));
      // Put at the end: what was touched longest ago is forgotten first.
      counts.delete(key);
      counts.set(key, { failures, lastAt: now, openAt: now + pauseMs });
    }
    for (const key of counts.keys()) {
      if (counts.size <= MOST_ENTRIES) break;
      counts.delete(key);
    }
  }

  /** The attempt was neither right nor wrong: it does not count. */
  withdraw(attempt: Attempt): void {
    const counts = this.#countsOf(attempt);
    for (const [key] of bucketsOf(attempt)) {
      const count = counts.get(key);
      if (count === undefined) continue;
      if (count.failures <= 1) counts.delete(key);
      else counts.set(key, { ...count, failures: count.failures - 1, openAt: count.lastAt });
    }
  }

  /** The attempt was right: what was mistyped here before counts no more. */
  succeeded(attempt: Attempt): void {
    this.withdraw(attempt);
    const [[own]] = bucketsOf(attempt);
    this.#countsOf(attempt).delete(own);
  }

  /** Whether so much was wrong in the attempt's session that it has to end. */
  isSpent(attempt: Attempt): boolean {
    if (attempt.session === undefined) return false;
    const [[own]] = bucketsOf(attempt);
    return (this.#known.get(own)?.failures ?? 0) >= MOST_IN_SESSION;
  }

  #countsOf({ session, device }: Attempt): Map<string, Count> {
    return session === undefined && device === undefined ? this.#strangers : this.#known;
  }
}

/** Each that an attempt counts in; the first is of whoever makes it alone. */
function bucketsOf({ name, address, session, device }: Attempt): readonly [Bucket, ...Bucket[]] {
  const bucket = (rule: GuardRule, ...key: string[]): Bucket => [JSON.stringify(key), rule];
  if (session !== undefined)
    return [bucket(SESSION_RULE, 'session', session), bucket(NAME_RULE, 'inside', name ?? '')];
  const group = addressGroup(address);
  if (name === null) return [bucket(ADDRESS_RULE, 'passkey', group)];
  if (device !== undefined) return [bucket(PAIR_RULE, 'device', name, device)];
  return [
    bucket(PAIR_RULE, 'pair', name, group),
    bucket(NAME_RULE, 'name', name),
    bucket(ADDRESS_RULE, 'address', group),
  ];
}
