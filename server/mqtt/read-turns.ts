import type { Duplex } from 'node:stream';

/** Time that reading may take of one turn of the event loop, ms. */
const BUDGET_MS = 12;

/**
 * Shares the event loop among connections that have all something to say at once, as after an order to everybody. A stream that asks when the
 * turn's time is used up is asked to read again in the next turn; meanwhile its bytes wait in its own, bounded, buffer.
 */
export class ReadTurns {
  readonly #now: () => number;
  #ends = 0;
  #scheduled = false;
  #waiting: Duplex[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a stream may read now. If not, it gets a `readable` event when its turn comes. */
  mayRead(stream: Duplex): boolean {
    const now = this.#now();
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#ends = now + BUDGET_MS;
      setImmediate(() => this.#nextTurn());
      return true;
    }
    if (now < this.#ends) return true;
    this.#waiting.push(stream);
    return false;
  }

  #nextTurn(): void {
    if (this.#waiting.length === 0) {
      this.#scheduled = false;
      return;
    }
    setImmediate(() => this.#nextTurn());
    this.#ends = this.#now() + BUDGET_MS;
    const waiting = this.#waiting;
    this.#waiting = [];
    let at = 0;
    for (; at < waiting.length && this.#now() < this.#ends; at++) {
      const stream = waiting[at] as Duplex;
      if (!stream.destroyed) stream.emit('readable');
    }
    // Those who could not even ask go before those who asked meanwhile.
    this.#waiting = [...waiting.slice(at), ...this.#waiting];
  }
}
