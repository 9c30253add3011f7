import type { Instant, Milliseconds } from '#kit';

/** The plan is compiled every hour, whatever happens: who did not for so long was away. */
const AWAY_MS: Milliseconds = 2 * 3_600_000;
/** What was due longer ago while we were away is not made up in the records. */
const LONGEST_ABSENCE_MS: Milliseconds = 31 * 24 * 3_600_000;

/**
 * Since when changes wait to be compiled. They stay open until they are committed: what was due meanwhile is then made up, or said to be
 * missed; what would have been due before anybody asked for it is neither.
 */
export class OpenChanges {
  /** When the first change came that is not compiled yet. */
  #since: Instant | undefined;

  /** Something has changed. */
  note(now: Instant): void {
    this.#since ??= now;
  }

  /** Nobody knows when what has changed since the last successful compilation did. */
  reopen(last: Instant): void {
    this.#since = last;
  }

  /** A compilation begins: it takes what has changed since this instant. */
  take(now: Instant, last: Instant): Instant {
    const changed = this.#since ?? now;
    this.#since = undefined;
    const since = changed - last > AWAY_MS ? last : changed;
    return Math.max(Math.min(now, since), now - LONGEST_ABSENCE_MS);
  }
}
