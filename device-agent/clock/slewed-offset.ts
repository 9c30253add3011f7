import type { Milliseconds } from '#kit';

/** 500 ppm: 0.5 ms in a second, a thirtieth of what an ear notices as pitch. */
const MAX_SLEW = 500e-6;

/**
 * What is still to be caught up: offset in use − best known offset. While something plays it shrinks by at most
 * 500 ppm; while nothing does, it is zero.
 */
export class SlewedOffset {
  #residualMs: Milliseconds = 0;
  #since: Milliseconds = 0;
  #holds = 0;

  get held(): boolean {
    return this.#holds > 0;
  }

  /** ms at local monotonic time `at`. */
  residual(at: Milliseconds): Milliseconds {
    const done = Math.max(0, at - this.#since) * MAX_SLEW;
    return Math.sign(this.#residualMs) * Math.max(0, Math.abs(this.#residualMs) - done);
  }

  /** The best known offset has just changed by `changeMs`. */
  retarget(at: Milliseconds, changeMs: Milliseconds): void {
    this.#residualMs = this.held ? this.residual(at) - changeMs : 0;
    this.#since = at;
  }

  /** Something plays until the returned function is called; calling it again does nothing. */
  hold(onIdle: () => void): () => void {
    this.#holds += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#holds -= 1;
      if (this.held) return;
      this.#residualMs = 0;
      onIdle();
    };
  }
}
