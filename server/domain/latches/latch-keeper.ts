import { backoff, type Clock, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { isDomainError } from '#protocols';
import type { Storage } from '../unit-of-work.ts';
import type { LatchRecord } from './latch.ts';

const RETRY = { baseMs: 500, maxMs: 10_000 } as const;

export interface LatchKeeperOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Brings latches into the database with their audit entries, in order, each once, as soon as it takes them. */
export class LatchKeeper extends Lifecycle {
  readonly #options: LatchKeeperOptions;
  readonly #due: LatchRecord[] = [];
  #delays: Generator<Milliseconds, never> = backoff(RETRY);
  #retry: Timer | undefined;
  #busy = false;

  constructor(options: LatchKeeperOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('latch keeper', () => {
      this.#retry?.cancel();
      this.#retry = undefined;
    });
    this.#go();
  }

  /** What the database has not taken yet, oldest first. */
  get due(): readonly LatchRecord[] {
    return this.#due;
  }

  /** Whether a latch waits for the database. */
  waits(id: string): boolean {
    return this.#due.some(({ latch }) => latch.id === id);
  }

  put(record: LatchRecord): void {
    this.#due.push(record);
    this.#go();
  }

  #go(): void {
    if (this.#busy || this.#retry !== undefined || this.#due.length === 0) return;
    this.#busy = true;
    this.background(this.#drain(), this.#options.onError);
  }

  async #drain(): Promise<void> {
    try {
      for (let record = this.#due[0]; record !== undefined; record = this.#due[0]) {
        await this.#save(record);
        this.#due.shift();
      }
      this.#delays = backoff(RETRY);
    } catch (error) {
      this.#again();
      if (!isDomainError(error, 'storage.busy')) throw error;
    } finally {
      this.#busy = false;
      // One that came in between.
      if (this.#retry === undefined) this.#go();
    }
  }

  #save({ latch, act }: LatchRecord): Promise<void> {
    const { actor, role, action, reason, at } = act;
    const detail = JSON.stringify({ latchId: latch.id, revision: latch.revision, reason });
    return this.#options.storage.transaction(async (tx) => {
      await tx.latches.save(latch);
      await tx.audit.append({ at, actor, role, action, subject: latch.scope, detail });
    });
  }

  #again(): void {
    this.#retry = this.#options.clock.setTimer(
      'latches: into the database',
      this.#delays.next().value,
      () => {
        this.#retry = undefined;
        this.#go();
      },
    );
  }
}
