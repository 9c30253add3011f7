/**
 * Starting and stopping. A part that runs has `start()` and `stop()`; both may be called at any time, any
 * number of times, by several callers at once.
 */

/** What can be let go of. */
export interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Things to undo, newest first. Every one is attempted; failures are gathered and thrown together at the end
 * as an `AggregateError`. After `dispose` the stack is empty and may be used again.
 */
export class DisposerStack {
  readonly #steps: { readonly name: string; readonly undo: () => void | Promise<void> }[] = [];

  /** Remembers one thing to undo. */
  defer(name: string, undo: () => void | Promise<void>): void {
    this.#steps.push({ name, undo });
  }

  async dispose(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (cause) {
        failures.push(new Error(`could not stop ${step.name}`, { cause }));
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} parts did not stop cleanly`);
  }
}

type Phase = 'stopped' | 'starting' | 'running' | 'stopping';

/**
 * The start/stop contract, to be extended. Concurrent `start` calls share one start; `stop` waits for a start
 * under way; a start that fails half-way undoes what it had done and may be tried again.
 *
 * stopped → starting → running → stopping → stopped; starting → stopped when `onStart` throws.
 */
export abstract class Lifecycle implements Stoppable {
  #phase: Phase = 'stopped';
  #change: Promise<void> = Promise.resolve();
  readonly #background = new Set<Promise<void>>();
  /** What `onStart` acquired; undone in reverse by `stop`. */
  protected readonly disposers = new DisposerStack();

  /** Acquires what the part needs, deferring each release on `disposers`. */
  protected abstract onStart(): Promise<void>;

  get running(): boolean {
    return this.#phase === 'running';
  }

  start(): Promise<void> {
    if (this.#phase === 'starting' || this.#phase === 'running') return this.#change;
    const before = this.#change.catch(() => undefined);
    this.#phase = 'starting';
    this.#change = before.then(async () => {
      try {
        await this.onStart();
        this.#phase = 'running';
      } catch (error) {
        this.#phase = 'stopped';
        await this.disposers.dispose().catch(() => undefined);
        throw error;
      }
    });
    return this.#change;
  }

  stop(): Promise<void> {
    if (this.#phase === 'stopping' || this.#phase === 'stopped') return this.#change.catch(() => undefined);
    const before = this.#change.catch(() => undefined);
    this.#change = before.then(async () => {
      if (this.#phase === 'stopped') return;
      this.#phase = 'stopping';
      try {
        await this.disposers.dispose();
        await this.idle();
      } finally {
        this.#phase = 'stopped';
      }
    });
    return this.#change;
  }

  /** Runs work that nobody awaits, so that `stop` can wait for it. Its failure goes to `onError`. */
  protected background(work: Promise<void>, onError: (error: unknown) => void): void {
    const settled = work.catch(onError).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }

  /** Resolves when no background work is left, including what finishing work started. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }
}
