import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Milliseconds } from '#kit';

/** A step, with what else comes into it, stays well below the 50 ms that the event loop may be held for. */
const SLICE_MS: Milliseconds = 8;

/** Lets others have their turn in long calculations. */
export class Pacer {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #since: Milliseconds;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Gives way when the turn has lasted long enough. To be called between steps that are short themselves. */
  async rest(): Promise<void> {
    if (this.#clock.monotonic() - this.#since < SLICE_MS) return;
    await nextTurn();
    this.#since = this.#clock.monotonic();
  }
}

/** Takes the steps of a long calculation, resting in between. */
export async function inTurns<Result>(steps: Generator<void, Result>, pacer: Pacer): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pacer.rest();
  }
}
