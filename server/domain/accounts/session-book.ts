import { type Clock, Lifecycle, type Milliseconds, repeat } from '#kit';
import { DomainError, newId } from '#protocols';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { hashSecret, newSecret } from './secrets.ts';
import { isLive, SESSION_LIFE, type Session, type SessionKind } from './session.ts';

/** Where a request comes from. */
export interface Device {
  readonly userAgent: string;
  readonly address: string;
  /** The cookie by which it is known who logged in on it before (`KnownDevices`). */
  readonly known?: string | undefined;
}

export interface NewSession {
  readonly account: string;
  readonly kind: SessionKind;
  readonly device: Device;
  readonly secondFactor: boolean;
  readonly pairedBy?: string;
  /** Whether the person said nothing of who he is: an administrator's QR code let him in. */
  readonly unproven?: boolean;
}

/** A session that was just made; nobody learns the secret again. */
export interface OpenedSession {
  readonly session: Session;
  readonly secret: string;
}

/** What was seen is written so often: a session read at each request must not be a write at each. */
const WRITE_EVERY_MS: Milliseconds = 60_000;
/** Who opens more ends the one used longest ago. */
const MOST_PER_ACCOUNT = 50;

export interface SessionBookOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Who is logged in where. Looked up in memory; the database is the truth and survives a restart. */
export class SessionBook extends Lifecycle {
  readonly #options: SessionBookOptions;
  /** By the hash of the secret. */
  readonly #sessions = new Map<string, Session>();
  readonly #seen = new Set<string>();

  constructor(options: SessionBookOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { storage, clock, onError } = this.#options;
    this.#sessions.clear();
    for (const session of await storage.read.sessions.live(Math.floor(clock.now()))) this.#put(session);
    this.disposers.defer('what was seen', () => this.#writeSeen().catch(onError));
    const writing = repeat(clock, 'sessions seen', WRITE_EVERY_MS, () => this.#writeSeen(), onError);
    this.disposers.defer('writing what was seen', () => writing.cancel());
  }

  /** The session of a cookie's secret, seen now; undefined when there is none that holds. */
  find(secret: string, device: Device): Session | undefined {
    const found = this.#sessions.get(hashSecret(secret));
    const now = Math.floor(this.#options.clock.now());
    if (found === undefined || !isLive(found, now)) return undefined;
    const seen = { ...found, lastSeenAt: Math.max(now, found.lastSeenAt), address: device.address };
    this.#put(seen);
    this.#seen.add(seen.secretHash);
    return seen;
  }

  /** The same session as it is now; undefined when it was ended. */
  current({ secretHash }: Session): Session | undefined {
    const found = this.#sessions.get(secretHash);
    return found !== undefined && isLive(found, this.#options.clock.now()) ? found : undefined;
  }

  /** Those of an account that hold, the one seen last first. */
  of(account: string): Session[] {
    const now = this.#options.clock.now();
    return [...this.#sessions.values()]
      .filter((session) => session.account === account && isLive(session, now))
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  async open(tx: Transaction, wanted: NewSession): Promise<OpenedSession> {
    const { account, kind, device, secondFactor, pairedBy = null, unproven = false } = wanted;
    const now = Math.floor(this.#options.clock.now());
    const secret = newSecret();
    const session: Session = {
      id: newId('acs', now),
      secretHash: hashSecret(secret),
      ...{ account, kind, secondFactor, pairedBy },
      userAgent: device.userAgent.slice(0, 256),
      address: device.address,
      ...{ authenticatedAt: unproven ? 0 : now, createdAt: now, lastSeenAt: now },
      expiresAt: now + SESSION_LIFE[kind].wholeMs,
    };
    await this.#end(tx, this.of(account).slice(MOST_PER_ACCOUNT - 1));
    await tx.sessions.insert(session);
    tx.afterCommit(() => this.#put(session));
    return { session, secret };
  }

  /**
   * The person proved who he is once more: the session goes on under a new secret, and the one before is good for nothing. Throws
   * `request.unauthenticated` where it has ended meanwhile.
   */
  async renew(tx: Transaction, session: Session, secondFactor: boolean): Promise<OpenedSession> {
    const current = this.current(session);
    if (current === undefined) throw new DomainError('request.unauthenticated');
    const secret = newSecret();
    const renewed: Session = {
      ...current,
      secretHash: hashSecret(secret),
      secondFactor: current.secondFactor || secondFactor,
      authenticatedAt: Math.floor(this.#options.clock.now()),
    };
    await tx.sessions.update(renewed);
    tx.afterCommit(() => {
      if (this.#sessions.delete(session.secretHash)) this.#put(renewed);
    });
    return { session: renewed, secret };
  }

  /** The person has just set up a second factor. */
  async raise(tx: Transaction, session: Session): Promise<void> {
    const raised: Session = {
      ...(this.current(session) ?? session),
      secondFactor: true,
      authenticatedAt: Math.floor(this.#options.clock.now()),
    };
    await tx.sessions.update(raised);
    tx.afterCommit(() => {
      if (this.current(raised) !== undefined) this.#put(raised);
    });
  }

  /** Takes the second factor's word back from every session of the account. */
  async forgetSecondFactor(tx: Transaction, account: string): Promise<void> {
    for (const session of this.of(account).filter(({ secondFactor }) => secondFactor)) {
      const changed = { ...session, secondFactor: false };
      await tx.sessions.update(changed);
      tx.afterCommit(() => {
        if (this.current(changed) !== undefined) this.#put(changed);
      });
    }
  }

  /** Ends one session of the account by its id; false when it has none of it. */
  async endOne(tx: Transaction, account: string, id: string): Promise<boolean> {
    const found = this.of(account).filter((session) => session.id === id);
    await this.#end(tx, found);
    return found.length > 0;
  }

  /** Ends every session of the account, or all but one: how many. */
  async endAll(tx: Transaction, account: string, except?: string): Promise<number> {
    const ended = this.of(account).filter(({ id }) => id !== except);
    await this.#end(tx, ended);
    return ended.length;
  }

  /** Forgets those that have ended by themselves. */
  async prune(): Promise<void> {
    const now = this.#options.clock.now();
    const ended = [...this.#sessions.values()].filter((session) => !isLive(session, now));
    await this.#options.storage.transaction(async (tx) => {
      await this.#end(tx, ended);
      await tx.sessions.prune(now);
    });
  }

  async #end(tx: Transaction, sessions: readonly Session[]): Promise<void> {
    if (sessions.length === 0) return;
    await tx.sessions.remove(sessions.map(({ id }) => id));
    tx.afterCommit(() => {
      for (const { secretHash } of sessions) this.#sessions.delete(secretHash);
    });
  }

  #put(session: Session): void {
    this.#sessions.set(session.secretHash, session);
  }

  async #writeSeen(): Promise<void> {
    const seen = [...this.#seen].flatMap((hash) => this.#sessions.get(hash) ?? []);
    this.#seen.clear();
    if (seen.length > 0) await this.#options.storage.transaction((tx) => tx.sessions.touch(seen));
  }
}
