import { FRAMES_PER_MS, SAMPLE_RATE } from '../../outputs/output.ts';
import { KWeighting, lufs } from '../k-weighting.ts';
import { softLimit } from '../level.ts';

const TARGET_LUFS = -16;
const FULL_SCALE = 32_767;
/** What is measured at once, and how many of the last of these count: 20 s. */
const WINDOW_FRAMES = 0.1 * SAMPLE_RATE;
const WINDOWS = 200;
/** Quieter than this is a pause, not the programme. */
const PAUSE_LUFS = -55;
/** So much below the rest is a pause, too (the relative gate of BS.1770). */
const GATE_LU = 10;
const MOST_GAIN_DB = 30;
/** The gain moves by at most so much in a second once it has been found; faster while too loud. */
const UP_DB_PER_S = 1.5;
const DOWN_DB_PER_S = 6;

/**
 * Brings sound of any loudness to −16 LUFS while it plays: a slow gain from the gated loudness of the last twenty seconds, and a soft
 * limiter. `learn` lets it know what is about to come, so that it begins with the right gain.
 */
export class Leveller {
  #weighting = new KWeighting();
  readonly #windows: number[] = [];
  #sum = 0;
  #count = 0;
  #gainDb: number | undefined;

  /** The gain in use, dB. */
  get gainDb(): number {
    return this.#gainDb ?? 0;
  }

  /** Measures without changing anything. */
  learn(block: Int16Array): void {
    for (const sample of block) {
      const weighted = this.#weighting.next(sample / FULL_SCALE);
      this.#sum += weighted * weighted;
      this.#count += 1;
      if (this.#count >= WINDOW_FRAMES) this.#closeWindow();
    }
  }

  /** Changes a block in place. It was shown to `learn` before. */
  apply(block: Int16Array): void {
    const before = this.#gainDb ?? this.#wantedDb() ?? 0;
    const elapsedS = block.length / FRAMES_PER_MS / 1000;
    const move = (this.#wantedDb() ?? before) - before;
    const after = before + Math.min(UP_DB_PER_S * elapsedS, Math.max(-DOWN_DB_PER_S * elapsedS, move));
    this.#gainDb = after;
    const from = 10 ** (before / 20);
    const step = (10 ** (after / 20) - from) / Math.max(1, block.length);
    for (let index = 0; index < block.length; index++) {
      const value = ((block[index] ?? 0) / FULL_SCALE) * (from + step * index);
      block[index] = Math.round(softLimit(value) * FULL_SCALE);
    }
  }

  /** Forgets the gain: what comes may be another stream. */
  forget(): void {
    this.#windows.length = 0;
    this.#gainDb = undefined;
    this.#weighting = new KWeighting();
  }

  #closeWindow(): void {
    this.#windows.push(this.#sum / this.#count);
    if (this.#windows.length > WINDOWS) this.#windows.shift();
    this.#sum = 0;
    this.#count = 0;
  }

  /** Undefined while nothing but silence was heard. */
  #wantedDb(): number | undefined {
    const loud = this.#windows.filter((window) => lufs(window) > PAUSE_LUFS);
    if (loud.length === 0) return undefined;
    const gate = lufs(mean(loud)) - GATE_LU;
    const wanted = TARGET_LUFS - lufs(mean(loud.filter((window) => lufs(window) > gate)));
    return Math.max(-MOST_GAIN_DB, Math.min(MOST_GAIN_DB, wanted));
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
