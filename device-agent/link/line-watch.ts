import type { Clock, Milliseconds, Timer } from '#kit';

/** The broker hears something at least this often; it hangs up after one and a half times as long. */
export const KEEPALIVE_MS = 60_000;
/** Silence after something was sent: asked again, then given up. */
const ASK_AFTER_MS = 30_000;
const DEAD_AFTER_MS = 60_000;

export interface LineWatchOptions {
  readonly clock: Clock;
  /** Sends a ping; the watch is told of it by `sent` as of any packet. */
  readonly ping: () => void;
  /** Nothing comes back any more. Called once. */
  readonly dead: () => void;
}

/**
 * Keeps one connection alive and notices when it is not. Whatever is sent is a sign of life to the broker, so a ping goes out only
 * after 60 s without anything. A line on which nothing has come back for a minute after something was sent is dead, whatever
 * else was sent meanwhile: at most two minutes after the other end went away.
 */
export class LineWatch {
  readonly #options: LineWatchOptions;
  #sentAt: Milliseconds;
  /** The first packet that was sent since anything came. */
  #unansweredSince: Milliseconds | undefined;
  #askedAgain = false;
  #timer: Timer | undefined;
  #stopped = false;

  /** From now on. */
  constructor(options: LineWatchOptions) {
    this.#options = options;
    this.#sentAt = options.clock.monotonic();
    this.#schedule();
  }

  /** A packet was handed to the connection. */
  sent(): void {
    this.#sentAt = this.#options.clock.monotonic();
    this.#unansweredSince ??= this.#sentAt;
    this.#schedule();
  }

  /** A packet has come. */
  received(): void {
    this.#unansweredSince = undefined;
    this.#askedAgain = false;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    const { clock } = this.#options;
    const due = Math.min(this.#sentAt + KEEPALIVE_MS, this.#answerDue());
    this.#timer = clock.setTimer('link.alive', Math.max(1, due - clock.monotonic()), () => this.#look());
  }

  #answerDue(): Milliseconds {
    if (this.#unansweredSince === undefined) return Number.POSITIVE_INFINITY;
    return this.#unansweredSince + (this.#askedAgain ? DEAD_AFTER_MS : ASK_AFTER_MS);
  }

  #look(): void {
    const now = this.#options.clock.monotonic();
    if (this.#unansweredSince !== undefined && now - this.#unansweredSince >= DEAD_AFTER_MS) {
      this.stop();
      this.#options.dead();
      return;
    }
    if (now >= this.#answerDue()) this.#askedAgain = true;
    else if (now - this.#sentAt < KEEPALIVE_MS) {
      this.#schedule();
      return;
    }
    this.#options.ping();
    // A ping that could not be handed over is tried again in its turn.
    this.#schedule();
  }
}
