import { backoff, type Clock, Exclusive, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { errorText, type Log } from '../log.ts';

const RETRY = { baseMs: 1_000, maxMs: 60_000 };

export interface OwedWritesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Delays between attempts. */
  readonly retry?: { readonly baseMs: Milliseconds; readonly maxMs: Milliseconds } | undefined;
}

/**
 * What holds in memory and a refusing disk still owes. Each write has a name: a newer one of the same name takes the place of the one
 * before it. What is owed is tried again, in the order in which it came, while it runs, until the disk takes it.
 */
export class OwedWrites extends Lifecycle {
  readonly #options: OwedWritesOptions;
  readonly #one = new Exclusive();
  readonly #owed = new Map<string, () => Promise<void>>();
  #delays: Iterator<Milliseconds, never> | undefined;
  #timer: Timer | undefined;
  #open = false;

  constructor(options: OwedWritesOptions) {
    super();
    this.#options = options;
  }

  /** Names of what the disk owes. */
  get names(): string[] {
    return [...this.#owed.keys()];
  }

  /** Tries once; where the disk refuses, again later. Resolves after the first attempt; never rejects. */
  write(name: string, work: () => Promise<void>): Promise<void> {
    this.#owed.delete(name);
    return this.#one.run(async () => {
      try {
        await work();
      } catch (error) {
        this.#options.log.error('the disk refuses a write; it is tried again', { name, error });
        this.owe(name, work);
      }
    });
  }

  /** The disk has refused this; it is tried again. */
  owe(name: string, work: () => Promise<void>): void {
    this.#owed.delete(name);
    this.#owed.set(name, work);
    this.#arm();
  }

  protected override async onStart(): Promise<void> {
    this.#open = true;
    this.disposers.defer('the next attempt', async () => {
      this.#open = false;
      this.#timer?.cancel();
      this.#timer = undefined;
      await this.#one.run(async () => undefined);
    });
    if (this.#owed.size > 0) this.#arm();
  }

  #arm(): void {
    if (!this.#open || this.#timer !== undefined) return;
    const { clock, retry = RETRY } = this.#options;
    this.#delays ??= backoff(retry);
    this.#timer = clock.setTimer('owed writes', this.#delays.next().value, () => {
      void this.#one.run(() => this.#settle());
    });
  }

  async #settle(): Promise<void> {
    this.#timer = undefined;
    for (const [name, work] of [...this.#owed]) {
      if (!this.#open) return;
      // A newer one has taken its place meanwhile.
      if (this.#owed.get(name) !== work) continue;
      try {
        await work();
      } catch (error) {
        this.#options.log.debug('the disk still refuses', { name, reason: errorText(error) });
        this.#arm();
        return;
      }
      if (this.#owed.get(name) === work) this.#owed.delete(name);
    }
    if (this.#owed.size > 0) this.#arm();
    else {
      this.#delays = undefined;
      this.#options.log.info('the disk takes writes again');
    }
  }
}
