import { backoff, type Clock, Exclusive, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { errorText, type Log } from '../log.ts';

const RETRY = { baseMs: 1_000, maxMs: 60_000 };

export interface OwedWritesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Delays between attempts. */
  readonly retry?: { readonly baseMs: Milliseconds; readonly maxMs: Milliseconds } | undefined;
}

/** Writes are numbered in the order in which they were asked for. */
interface OwedWrite {
  readonly number: number;
  readonly work: () => Promise<void>;
}

/**
 * What holds in memory and a refusing disk still owes. Each write has a name: a newer one of the same name takes the place of the one
 * before it. What is owed is tried again, in the order in which it came, while it runs, until the disk takes it.
 */
export class OwedWrites extends Lifecycle {
  readonly #options: OwedWritesOptions;
  readonly #one = new Exclusive();
  readonly #owed = new Map<string, OwedWrite>();
  #number = 0;
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

  /** Tries once; where the disk refuses, again later, unless a newer one of this name came. Resolves after the first attempt; never rejects. */
  write(name: string, work: () => Promise<void>): Promise<void> {
    const number = this.#next();
    return this.#one.run(async () => {
      try {
        await work();
      } catch (error) {
        this.#options.log.error('the disk refuses a write; it is tried again', { name, error });
        this.#keep(name, { number, work });
        return;
      }
      this.#written(name, number);
    });
  }

  /** The disk has refused this; it is tried again. */
  owe(name: string, work: () => Promise<void>): void {
    this.#keep(name, { number: this.#next(), work });
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

  #next(): number {
    this.#number += 1;
    return this.#number;
  }

  #keep(name: string, owed: OwedWrite): void {
    if ((this.#owed.get(name)?.number ?? 0) > owed.number) return;
    this.#owed.delete(name);
    this.#owed.set(name, owed);
    this.#arm();
  }

  /** What was owed of this name before is of no use any more. */
  #written(name: string, number: number): void {
    if ((this.#owed.get(name)?.number ?? 0) <= number) this.#owed.delete(name);
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
    for (const [name, owed] of [...this.#owed]) {
      if (!this.#open) return;
      // A newer one has taken its place meanwhile.
      if (this.#owed.get(name) !== owed) continue;
      try {
        await owed.work();
      } catch (error) {
        this.#options.log.debug('the disk still refuses', { name, reason: errorText(error) });
        this.#arm();
        return;
      }
      this.#written(name, owed.number);
    }
    if (this.#owed.size > 0) this.#arm();
    else {
      this.#delays = undefined;
      this.#options.log.info('the disk takes writes again');
    }
  }
}
