import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Milliseconds } from '#kit';

/** How long one step may hold the event loop before everybody else has a turn; the limit of the whole controller is 50 ms. */
const LONGEST_STEP_MS: Milliseconds = 8;

/** Cuts long work into steps. */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #since: Milliseconds;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Gives the event loop a turn if this step has lasted long enough. Call it between two small pieces of work. */
  async take(): Promise<void> {
    if (this.due) await this.turn();
  }

  /** Whether this step has lasted long enough: where asking `take` each time would cost more than the work itself. */
  get due(): boolean {
    return this.#clock.monotonic() - this.#since >= LONGEST_STEP_MS;
  }

  /** Gives the event loop a turn now: before a piece of work that takes some milliseconds by itself. */
  async turn(): Promise<void> {
    await nextTurn();
    this.#since = this.#clock.monotonic();
  }
}

/** Takes the steps of a long calculation, the others having their turn in between. */
export async function inTurns<Result>(steps: Generator<void, Result>, turns: Turns): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await turns.take();
  }
}
