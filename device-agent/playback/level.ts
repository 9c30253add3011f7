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
  readonly #gain: number;
  #fade = 0;
  #step = 0;

  constructor(options: { readonly gainDb: number }) {
    this.#gain = 10 ** (options.gainDb / 20);
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
  fadeOut(fadeMs: number): void {
    this.#step = -1 / Math.max(1, fadeMs * FRAMES_PER_MS);
  }

  /** Changes the block in place. */
  apply(block: Int16Array): void {
    if (this.#gain === 1 && this.#fade === 1 && this.#step >= 0) return;
    const gain = this.#gain;
    const limited = gain > 1;
    let fade = this.#fade;
    const step = this.#step;
    for (let index = 0; index < block.length; index++) {
      fade += step;
      if (fade > 1) fade = 1;
      else if (fade < 0) fade = 0;
      const value = ((block[index] ?? 0) / FULL_SCALE) * gain * fade;
      block[index] = Math.round((limited ? softLimit(value) : value) * FULL_SCALE);
    }
    this.#fade = fade;
    if (fade === 1 || fade === 0) this.#step = 0;
  }
}

/** Straight up to the knee, then bent so that full scale is approached and never passed. */
export function softLimit(value: number): number {
  const size = Math.abs(value);
  if (size <= KNEE) return value;
  return Math.sign(value) * (KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE)));
}
