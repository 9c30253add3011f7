import type { Milliseconds } from '#kit';
import { FRAMES_PER_MS } from '../outputs/output.ts';

const FULL_SCALE = 32_767;
/** Above this the soft limiter begins to bend: −1 dBFS. */
const KNEE = 0.891;
const FADE_IN_MS = 5;

/**
 * Gain, fades and clip protection on 16-bit samples. Without gain and outside fades samples pass unchanged, bit for
 * bit. Begins faded out: call `fadeIn`.
 */
export class Level {
  readonly #gain: DecibelRamp;
  readonly #under = new DecibelRamp(0);
  #fade = 0;
  #step = 0;

  constructor(options: { readonly gainDb: number }) {
    this.#gain = new DecibelRamp(options.gainDb);
  }

  /** Whether a fade-out has reached its end. */
  get silent(): boolean {
    return this.#fade === 0 && this.#step <= 0;
  }

  /** From nothing to full in 5 ms. */
  fadeIn(): void {
    this.#fade = 0;
    this.#step = 1 / (FADE_IN_MS * FRAMES_PER_MS);
  }

  /** From wherever it is to nothing. */
  fadeOut(fadeMs: Milliseconds): void {
    this.#step = -1 / Math.max(1, fadeMs * FRAMES_PER_MS);
  }

  /** Another gain from here on, reached in `rampMs`. */
  gainTo(gainDb: number, rampMs: Milliseconds): void {
    this.#gain.to(gainDb, rampMs);
  }

  /** Lowered by so many dB under something else that sounds (0: not any more), reached in `rampMs`. */
  lowerTo(downDb: number, rampMs: Milliseconds): void {
    this.#under.to(-downDb, rampMs);
  }

  /** Changes the block in place. */
  apply(block: Int16Array): void {
    const from = this.#gain.factor * this.#under.factor;
    this.#gain.advance(block.length);
    this.#under.advance(block.length);
    const to = this.#gain.factor * this.#under.factor;
    if (from === 1 && to === 1 && this.#fade === 1 && this.#step >= 0) return;
    const limited = from > 1 || to > 1;
    const gainStep = (to - from) / Math.max(1, block.length);
    let gain = from;
    let fade = this.#fade;
    const step = this.#step;
    for (let index = 0; index < block.length; index++) {
      fade += step;
      if (fade > 1) fade = 1;
      else if (fade < 0) fade = 0;
      gain += gainStep;
      const value = ((block[index] ?? 0) / FULL_SCALE) * gain * fade;
      block[index] = Math.round((limited ? softLimit(value) : value) * FULL_SCALE);
    }
    this.#fade = fade;
    if (fade === 1 || fade === 0) this.#step = 0;
  }
}

/** A gain that moves evenly in dB. */
class DecibelRamp {
  #db: number;
  #targetDb: number;
  #dbPerFrame = 0;
  #factor: number;

  constructor(db: number) {
    this.#db = db;
    this.#targetDb = db;
    this.#factor = 10 ** (db / 20);
  }

  get factor(): number {
    return this.#factor;
  }

  to(db: number, rampMs: Milliseconds): void {
    if (db === this.#targetDb) return;
    this.#targetDb = db;
    this.#dbPerFrame = Math.abs(db - this.#db) / Math.max(1, rampMs * FRAMES_PER_MS);
  }

  advance(frames: number): void {
    if (this.#db === this.#targetDb) return;
    const left = this.#targetDb - this.#db;
    const most = this.#dbPerFrame * frames;
    this.#db = Math.abs(left) <= most ? this.#targetDb : this.#db + Math.sign(left) * most;
    this.#factor = 10 ** (this.#db / 20);
  }
}

/** Straight up to the knee, then bent so that full scale is approached and never passed. */
export function softLimit(value: number): number {
  const size = Math.abs(value);
  if (size <= KNEE) return value;
  return Math.sign(value) * (KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE)));
}
