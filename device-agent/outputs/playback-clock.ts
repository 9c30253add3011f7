import type { Milliseconds } from '#kit';
import { FRAMES_PER_MS } from './output.ts';

/** About two seconds of what players tell; a sound card off by 100 ppm moves by 0.2 ms in that time. */
const REPORTS = 41;

/**
 * Which frame sounds when, from reports "so many frames were out at this moment". Most reports are good to half a
 * millisecond; on a busy machine some are read tens of ms late, and a sound server's own guess is now and then as much
 * too early. The lower quartile of the last reports minds neither, not even when half of them are late.
 */
export class PlaybackClock {
  readonly #needed: number;
  readonly #offsets = new Float64Array(REPORTS);
  #seen = 0;
  #lastFrames = 0;
  #lastAtMs: Milliseconds | undefined;
  #offset: Milliseconds | undefined;

  /** `needed`: how many reports it takes before the clock is believed. */
  constructor(options: { readonly needed: number }) {
    this.#needed = options.needed;
  }

  /** When the last report came that showed progress. */
  get lastAtMs(): Milliseconds | undefined {
    return this.#lastAtMs;
  }

  /** `frames` had sounded at monotonic time `atMs`. Reports without progress are ignored. */
  observe(frames: number, atMs: Milliseconds): void {
    if (frames <= this.#lastFrames) return;
    this.#lastFrames = frames;
    this.#lastAtMs = atMs;
    this.#offsets[this.#seen % REPORTS] = atMs - frames / FRAMES_PER_MS;
    this.#seen++;
    this.#offset = undefined;
  }

  /** Monotonic time of a frame; `undefined` until enough reports have come. */
  timeOf(frame: number): Milliseconds | undefined {
    return this.#seen < this.#needed ? undefined : this.roughTimeOf(frame);
  }

  /** The same from the first report on, good enough to keep the device fed. */
  roughTimeOf(frame: number): Milliseconds | undefined {
    if (this.#seen === 0) return undefined;
    this.#offset ??= lowerQuartile(this.#offsets.slice(0, Math.min(this.#seen, REPORTS)));
    return this.#offset + frame / FRAMES_PER_MS;
  }
}

/** Sorts what it is given. */
function lowerQuartile(values: Float64Array): number {
  values.sort();
  return values[values.length >> 2] ?? 0;
}

/** Frames played by `nowMs` when frame 0 left at `firstMs`, between 0 and `written`. */
export function framesBy(nowMs: Milliseconds, firstMs: Milliseconds | undefined, written: number): number {
  if (firstMs === undefined) return 0;
  return Math.max(0, Math.min(written, Math.floor((nowMs - firstMs) * FRAMES_PER_MS)));
}
