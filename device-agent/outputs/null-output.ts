import type { Clock } from '#kit';
import { type Output, type OutputProbe, SAMPLE_RATE } from './output.ts';
import { TimedSession } from './timed-session.ts';

/** Half a second at once: thousands of these run in one process of the fleet simulator. A fade or a stop takes effect with the next block. */
const BLOCK_FRAMES_NULL = SAMPLE_RATE / 2;
const LEAD_MS = 500;

/** Takes the time that sound would take and makes none. A play on it never counts as played. */
export class NullOutput implements Output {
  readonly kind = 'null';
  readonly device = 'none';
  readonly evidence = 'none';
  readonly #clock: Clock;

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async open(): Promise<TimedSession> {
    return new TimedSession({
      clock: this.#clock,
      kind: this.kind,
      blockFrames: BLOCK_FRAMES_NULL,
      leadMs: LEAD_MS,
    });
  }

  async probe(): Promise<OutputProbe> {
    return { ok: true, device: this.device, detail: '' };
  }
}
