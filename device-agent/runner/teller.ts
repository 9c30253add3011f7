import { backoff, type Clock, delay, Lifecycle } from '#kit';
import type { ChainedLine, JournalFact } from '#protocols';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';

export interface TellerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Puts facts into the journal in the order in which they happened, again and again while the disk refuses them, so that
 * nobody has to wait for it: an emergency sounds even when nothing can be written.
 */
export class Teller extends Lifecycle {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Log;
  #stop = new AbortController();
  #tail: Promise<void> = Promise.resolve();
  readonly #untold = new Set<JournalFact>();

  constructor(options: TellerOptions) {
    super();
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  protected override async onStart(): Promise<void> {
    this.#stop = new AbortController();
    this.disposers.defer('the last entries', async () => {
      this.#stop.abort(new Error('the agent is stopping'));
      await this.#tail;
    });
  }

  /** Queues a fact. `then` runs when it is durable; `onTrouble` when the first attempt failed. */
  tell(fact: JournalFact, then: (line: ChainedLine) => Promise<void>, onTrouble: () => void): void {
    this.#untold.add(fact);
    this.#tail = this.#tail
      .then(() => this.#write(fact, then, onTrouble))
      .finally(() => {
        this.#untold.delete(fact);
      });
  }

  /** Something that was told is not durable yet. */
  get behind(): boolean {
    return this.#untold.size > 0;
  }

  /** What was told and is not durable yet, oldest first; the first may be in the journal already. */
  get untold(): Iterable<JournalFact> {
    return this.#untold;
  }

  /** Resolves when everything queued so far is durable, or given up because the agent stops. */
  told(): Promise<void> {
    return this.#tail;
  }

  async #write(
    fact: JournalFact,
    then: (line: ChainedLine) => Promise<void>,
    onTrouble: () => void,
  ): Promise<void> {
    const delays = backoff({ baseMs: 1_000, maxMs: 30_000 });
    for (let attempt = 0; ; attempt++) {
      let line: ChainedLine | undefined;
      try {
        line = await this.#journal.append(fact);
      } catch (error) {
        this.#log.error('an entry could not be written', { kind: fact.kind, error });
      }
      if (line !== undefined) {
        // Told is told: what only follows from it is found in the journal at the next start.
        await then(line).catch((error) => this.#log.error('a record is behind', { kind: fact.kind, error }));
        return;
      }
      if (attempt === 0) onTrouble();
      try {
        await delay(this.#clock, 'journal.retry', delays.next().value, this.#stop.signal);
      } catch {
        // Stopping: what was not told is found as an interruption at the next start.
        return;
      }
    }
  }
}
