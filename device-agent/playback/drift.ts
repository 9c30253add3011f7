import type { Milliseconds } from '#kit';

/** Fastest correction while playing: 0.5 ms a second, a pitch change that nobody hears. */
export const MAX_SLEW_PPM = 500;
/** An error beyond this cannot be drift, which is held to a few ms: sound was lost on the way. */
export const SPLICE_MS = 25;
/** Errors up to this are left alone: sound on a clock that is right then stays as it is, bit for bit. */
export const TOLERATED_MS = 2;
/** How long such an error must last before it is believed. */
const SPLICE_AFTER_MS = 1_000;
/** Correction per millisecond of error, and per millisecond·second: critically damped with a time constant of 50 s. */
const PROPORTIONAL = 40;
const INTEGRAL = 0.4;

export type Correction =
  | { readonly kind: 'slew'; readonly ppm: number }
  | { readonly kind: 'splice'; readonly errorMs: Milliseconds };

/**
 * Keeps sound on the clock. The error is how much later than planned the next frame would sound. Positive corrections
 * mean: give the device fewer samples than the content has. A proportional-integral controller: the integral learns
 * how far off the sound card is, so that no error is left over.
 */
export class DriftController {
  #integral = 0;
  #strayMs = 0;

  /** What to do for the next `elapsedMs` of sound. */
  step(errorMs: Milliseconds, elapsedMs: Milliseconds): Correction {
    if (Math.abs(errorMs) > SPLICE_MS) {
      this.#strayMs += elapsedMs;
      if (this.#strayMs < SPLICE_AFTER_MS) return { kind: 'slew', ppm: this.#integral };
      this.#strayMs = 0;
      return { kind: 'splice', errorMs };
    }
    this.#strayMs = 0;
    const excessMs = errorMs - clamp(errorMs, TOLERATED_MS);
    const wanted = PROPORTIONAL * excessMs + this.#integral;
    const ppm = clamp(wanted, MAX_SLEW_PPM);
    // The integral stands still while the correction is at its limit, or it would overshoot for minutes.
    if (ppm === wanted) {
      this.#integral = clamp(this.#integral + (INTEGRAL * excessMs * elapsedMs) / 1000, MAX_SLEW_PPM);
    }
    return { kind: 'slew', ppm };
  }
}

/** Turns a rate correction into whole samples: how many frames to leave out (positive) or add in this block. */
export class SampleCredit {
  #frames = 0;

  /** −1, 0 or +1 for a block of `frames`. */
  take(ppm: number, frames: number): -1 | 0 | 1 {
    this.#frames += (ppm * frames) / 1e6;
    if (this.#frames >= 1) {
      this.#frames -= 1;
      return 1;
    }
    if (this.#frames <= -1) {
      this.#frames += 1;
      return -1;
    }
    return 0;
  }
}

/** A target that follows a moving one, but slowly: the clock may learn better while sound is on. */
export class SlewedTarget {
  #valueMs: Milliseconds;
  readonly #ppm: number;

  constructor(startMs: Milliseconds, ppm: number) {
    this.#valueMs = startMs;
    this.#ppm = ppm;
  }

  get valueMs(): Milliseconds {
    return this.#valueMs;
  }

  /** Moves towards `wantedMs`, at most as far as `elapsedMs` allows. */
  follow(wantedMs: Milliseconds, elapsedMs: Milliseconds): void {
    this.#valueMs += clamp(wantedMs - this.#valueMs, (this.#ppm * elapsedMs) / 1e6);
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
