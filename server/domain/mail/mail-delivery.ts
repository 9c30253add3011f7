import { backoff, type Clock, Lifecycle, type Milliseconds, repeat } from '#kit';
import type { Storage } from '../unit-of-work.ts';
import { type Mailer, MailFailure, type OutgoingMail } from './outgoing-mail.ts';

export interface MailDeliveryOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly mailer: Mailer;
  /** `account`: whose mail it was; null: of no single one. */
  readonly onError: (error: unknown, account: string | null) => void;
  readonly onGivenUp: (account: string) => void;
}

/** How sending stands. */
export interface MailState {
  readonly waiting: number;
  /** Why the newest attempt failed; null where none does. */
  readonly failing: string | null;
}

/** Something that failed, and its pauses so far. */
interface Failing {
  readonly pauses: Iterator<Milliseconds>;
  readonly reason: string;
  /** Monotonic time from which on it is tried again. */
  readonly again: Milliseconds;
}

const BATCH = 50;
const LOOK_MS: Milliseconds = 30_000;
const RETRY = { baseMs: 60_000, maxMs: 10 * 60_000 } as const;
const PATIENCE_MS: Milliseconds = 1_000;

/**
 * Sends what waits, the oldest first, until the server has taken it or it is over. A mail leaves the list after the server took it: a crash in between
 * sends it again, under the same message id. A server that fails is left alone for a growing pause, and so is a single message that it
 * refuses, while others go on. A stop breaks the connection off.
 */
export class MailDelivery extends Lifecycle {
  readonly #options: MailDeliveryOptions;
  /** Taken by the server, and perhaps still on the list. */
  readonly #taken = new Set<string>();
  /** What the server refused, by the mail's id. */
  readonly #refused = new Map<string, Failing>();
  #server: Failing | undefined;
  #stopped = new AbortController();
  /** A run is to begin. */
  #asked = false;
  #runs: Promise<void> = Promise.resolve();

  constructor(options: MailDeliveryOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    const stopped = new AbortController();
    this.#stopped = stopped;
    const look = repeat(
      clock,
      'mail: look',
      LOOK_MS,
      () => this.kick(),
      (error) => onError(error, null),
    );
    this.disposers.defer('mail', () => {
      look.cancel();
      stopped.abort();
    });
    this.#begin();
  }

  /** Something waits. Returns at once. */
  kick(): void {
    if (this.running) this.#begin();
  }

  async state(): Promise<MailState> {
    const [refused] = this.#refused.values();
    return {
      waiting: await this.#options.storage.read.mails.count(),
      failing: this.#server?.reason ?? refused?.reason ?? null,
    };
  }

  /** One run at a time; however often it is asked for, one more follows. */
  #begin(): void {
    if (this.#asked) return;
    this.#asked = true;
    const { signal } = this.#stopped;
    this.#runs = this.#runs.then(async () => {
      this.#asked = false;
      try {
        await this.#run(signal);
      } catch (error) {
        this.#options.onError(error, null);
      }
    });
    this.background(this.#runs, (error) => this.#options.onError(error, null));
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { mails } = this.#options.storage.read;
    let after: string | null = null;
    while (!signal.aborted) {
      const page: OutgoingMail[] = await mails.waiting(after, BATCH);
      for (const mail of page) {
        if (signal.aborted) return;
        await this.#settle(mail, signal);
      }
      if (page.length < BATCH) return;
      after = page.at(-1)?.id ?? null;
    }
  }

  async #settle(mail: OutgoingMail, signal: AbortSignal): Promise<void> {
    const { clock, onGivenUp } = this.#options;
    const now = clock.monotonic();
    if (this.#taken.has(mail.id)) return this.#forget(mail);
    if (mail.expiresAt <= clock.now()) {
      onGivenUp(mail.account);
      return this.#forget(mail);
    }
    const waits = (one: Failing | undefined) => one !== undefined && now < one.again;
    if (waits(this.#server) || waits(this.#refused.get(mail.id))) return;
    if (await this.#send(mail, signal)) await this.#forget(mail);
  }

  /** Whether the server took it. */
  async #send(
    { id, account, to, subject, text, createdAt }: OutgoingMail,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { mailer, onError } = this.#options;
    const message = { messageId: `loa-${id}@loa-lang`, to: [to], subject, text, at: createdAt };
    try {
      await mailer.send(message, signal);
      this.#server = undefined;
      this.#taken.add(id);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const reason = error instanceof MailFailure ? error.message : 'unknown';
      if (error instanceof MailFailure && error.ofMessage) {
        // It answers: only this one has to wait.
        this.#server = undefined;
        this.#refused.set(id, this.#failing(this.#refused.get(id), reason));
      } else this.#server = this.#failing(this.#server, reason);
      onError(error, account);
      return false;
    }
  }

  #failing(before: Failing | undefined, reason: string): Failing {
    const pauses = before?.pauses ?? backoff(RETRY);
    return { pauses, reason, again: this.#options.clock.monotonic() + pauses.next().value };
  }

  async #forget({ id }: OutgoingMail): Promise<void> {
    // A stop does not wait for a database that is held: it is asked again later.
    await this.#options.storage.transaction((tx) => tx.mails.remove([id]), { patienceMs: PATIENCE_MS });
    this.#taken.delete(id);
    this.#refused.delete(id);
  }
}
