import { addressGroup, type Clock, type Timer } from '#kit';
import { type Actor, rolesOf } from '../accounts/actor.ts';
import type { Storage } from '../unit-of-work.ts';
import { type NewAuditEntry, REFUSED } from './audit.ts';
import { TokenBucket } from './token-bucket.ts';

/** A request that was refused to whoever sent it. */
export interface Refusal {
  /** Null: nobody that we know, with credentials that are not valid. */
  readonly actor: string | null;
  readonly role: string;
  /** Network address. */
  readonly origin: string;
  /** Method and route: "POST /api/v1/areas". */
  readonly subject: string;
  /** Of the error registry. */
  readonly code: string;
  readonly areaId: string | null;
}

/** Somebody who did not prove who he is. */
export interface FailedLogin {
  /** Null: a name that is nobody's, which may be a password in the wrong field. */
  readonly actor: Actor | null;
  readonly address: string;
  readonly userAgent: string;
  /** Whether he had a session of that person. */
  readonly inside: boolean;
}

/** Who is recorded where nobody is known. */
const UNKNOWN = 'unknown';
/** What one source may have recorded at once, and then each minute one. */
const BURST = 20;
const REFILL_MS = 60_000;
/** All unknown senders together, and all who fail to log in: 14,400 entries a day at most, some 5 MB, however many addresses they have. */
const UNKNOWN_BURST = 200;
const UNKNOWN_REFILL_MS = 6_000;
/** Sources of which we count each by itself; beyond, the one that was silent longest is counted with the others. */
const MOST_SOURCES = 1_000;
const MOST_WAITING = 2_000;
const BATCH_MS = 1_000;

/** What an entry is made of. */
interface Noted {
  readonly entry: Omit<NewAuditEntry, 'at' | 'detail'>;
  readonly detail: object;
  /** That of everybody who could be anybody. */
  readonly shared: TokenBucket | null;
}

interface Source {
  readonly bucket: TokenBucket;
  /** Refusals since the last entry of this source that have none of their own. */
  suppressed: number;
  last: Noted;
}

/**
 * Refused requests and failed logins in the audit log: in transactions of their own, in batches, and never so many that somebody could fill the disk with
 * them. What is not written by itself is counted in a later entry of the same source. Nobody's answer waits for it.
 */
export class Refusals {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  /** By actor or address; the one that was heard last comes last. */
  readonly #sources = new Map<string, Source>();
  readonly #unknown: TokenBucket;
  readonly #logins: TokenBucket;
  #waiting: NewAuditEntry[] = [];
  #timer: Timer | null = null;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  }) {
    this.#storage = options.storage;
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#unknown = new TokenBucket(options.clock, UNKNOWN_BURST, UNKNOWN_REFILL_MS);
    this.#logins = new TokenBucket(options.clock, UNKNOWN_BURST, UNKNOWN_REFILL_MS);
  }

  /** Takes note of one. It is written within about a second, or counted. */
  note({ actor, role, origin, subject, code, areaId }: Refusal): void {
    const key = actor === null ? `address ${addressGroup(origin)}` : `actor ${actor}`;
    this.#note(key, {
      entry: { actor: actor ?? UNKNOWN, role, action: REFUSED, subject, origin, areaId },
      detail: { code },
      shared: actor === null ? this.#unknown : null,
    });
  }

  /** Takes note of a login that failed, or of a wrong proof inside a session, in the same way: whoever guesses a name is not that person. */
  noteLogin({ actor, address, userAgent, inside }: FailedLogin): void {
    const name = actor?.name ?? UNKNOWN;
    const key = inside ? `proof of ${name}` : `login from ${addressGroup(address)}`;
    const role = actor === null ? '' : rolesOf(actor);
    this.#note(key, {
      entry: { actor: name, role, action: 'login.failed', subject: name, origin: address, areaId: null },
      detail: { address, userAgent: userAgent.slice(0, 256) },
      shared: inside ? null : this.#logins,
    });
  }

  /** Writes what waits, for a controller that stops. Later ones are not taken. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = null;
    await this.flush();
  }

  /** Writes what waits now; what cannot be written stays for the next time. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write()).catch(this.#onError);
    return this.#writing;
  }

  #note(key: string, noted: Noted): void {
    const source = this.#sourceOf(key, noted);
    if (!this.#admit(source)) source.suppressed++;
    this.#arm(BATCH_MS);
  }

  #sourceOf(key: string, noted: Noted): Source {
    const known = this.#sources.get(key);
    this.#sources.delete(key);
    const source = known ?? {
      bucket: new TokenBucket(this.#clock, BURST, REFILL_MS),
      suppressed: 0,
      last: noted,
    };
    source.last = noted;
    this.#sources.set(key, source);
    const [oldest] = this.#sources;
    if (this.#sources.size > MOST_SOURCES && oldest !== undefined) {
      this.#sources.delete(oldest[0]);
      source.suppressed += oldest[1].suppressed;
    }
    return source;
  }

  /** Whether the last refusal of a source became an entry. */
  #admit(source: Source): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false;
    const { last, bucket } = source;
    const buckets = last.shared === null ? [bucket] : [bucket, last.shared];
    if (!buckets.every((one) => one.has())) return false;
    for (const one of buckets) one.take();
    const { suppressed } = source;
    source.suppressed = 0;
    this.#waiting.push(entryOf(last, suppressed, this.#clock.now()));
    return true;
  }

  #arm(delayMs: number): void {
    if (this.#timer !== null || this.#closed) return;
    this.#timer = this.#clock.setTimer('refused requests', delayMs, () => {
      this.#timer = null;
      void this.flush();
    });
  }

  async #write(): Promise<void> {
    // What was only counted gets an entry as soon as its source may have one again; the last refusal stands for them.
    for (const source of this.#sources.values())
      if (source.suppressed > 0) {
        source.suppressed--;
        if (!this.#admit(source)) source.suppressed++;
      }
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      if (batch.length > 0)
        await this.#storage.transaction(async (tx) => {
          for (const entry of batch) await tx.audit.append(entry);
        });
    } catch (error) {
      this.#waiting = [...batch, ...this.#waiting];
      throw error;
    } finally {
      const counted = [...this.#sources.values()].some(({ suppressed }) => suppressed > 0);
      if (counted || this.#waiting.length > 0) this.#arm(REFILL_MS);
    }
  }
}

/** `suppressed`: how many before it are counted in it. */
function entryOf({ entry, detail }: Noted, suppressed: number, at: number): NewAuditEntry {
  return { at, ...entry, detail: JSON.stringify(suppressed === 0 ? detail : { ...detail, suppressed }) };
}
