import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long statement may follow statement before the event loop gets a turn. */
const LONGEST_HOLD_MS = 10;

/**
 * better-sqlite3 answers at once, so that a row of awaited statements is one long step to the event loop: nothing
 * else runs before the last of them. Whoever is about to run one takes a breath first.
 */
export class Breath {
  #lastTurn = 0;

  /** Gives the event loop a turn if it had none from here for a while. */
  async take(): Promise<void> {
    if (performance.now() - this.#lastTurn < LONGEST_HOLD_MS) return;
    await nextTurn();
    this.#lastTurn = performance.now();
  }
}
