import type { Milliseconds } from '#kit';

/** Spans that are remembered: each is a dispute, or a start without a clock. */
const REMEMBERED = 32;

interface Span {
  readonly from: Milliseconds;
  readonly to: Milliseconds;
}

/** When time was not trusted in this run, in local monotonic time. */
export class Doubts {
  readonly #spans: Span[] = [];
  #since: Milliseconds | undefined;

  /** Nothing is trusted before the first word. */
  constructor(from: Milliseconds) {
    this.#since = from;
  }

  /** What holds from now on. */
  note(trusted: boolean, at: Milliseconds): void {
    if (!trusted) this.#since ??= at;
    else if (this.#since !== undefined) {
      this.#spans.push({ from: this.#since, to: at });
      this.#since = undefined;
      if (this.#spans.length > REMEMBERED) this.#spans.shift();
    }
  }

  /** Whether a moment lies in a span that has ended. */
  had(at: Milliseconds): boolean {
    return this.#spans.some(({ from, to }) => at >= from && at < to);
  }
}
