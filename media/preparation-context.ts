import type { Clock } from '#kit';
import type { Binaries } from './binaries.ts';
import type { PreparationLimits, PreparationProgress, PreparationStage } from './prepared-audio.ts';

export interface PrepareOptions {
  readonly binaries: Binaries;
  readonly clock: Clock;
  /** An existing folder for the file that is made; on the store's disk, so that it can be moved there. */
  readonly workFolder: string;
  readonly limits?: Partial<PreparationLimits>;
  readonly signal?: AbortSignal | undefined;
  /** Called when a stage begins and for each hundredth. */
  readonly onProgress?: (progress: PreparationProgress) => void;
  /** Priority of the programs, 0 to 19; 10 by default. */
  readonly niceness?: number;
}

/** One preparation under way: what its steps share. */
export class PreparationContext {
  readonly sourcePath: string;
  readonly limits: PreparationLimits;
  readonly options: PrepareOptions;
  #stage: PreparationStage | undefined;
  #progress = 0;
  #range = { from: 0, to: 0 };

  constructor(sourcePath: string, limits: PreparationLimits, options: PrepareOptions) {
    this.sourcePath = sourcePath;
    this.limits = limits;
    this.options = options;
  }

  /** What every run of ffmpeg in this preparation has in common. */
  running(stage: PreparationStage, signal = this.options.signal) {
    const { binaries, clock, niceness } = this.options;
    return { binaries, clock, niceness, stage, signal };
  }

  /** Begins a stage that covers a part of the whole, both 0 to 1. */
  begin(stage: PreparationStage, from: number, to: number): void {
    this.#range = { from, to };
    this.progress(stage, 0);
  }

  /** How much of the stage is done, 0 to 1. */
  progress(stage: PreparationStage, share: number): void {
    const { from, to } = this.#range;
    const progress = from + (to - from) * Math.min(1, Math.max(0, share));
    const next = Math.max(this.#progress, Math.round(progress * 1000) / 1000);
    if (stage === this.#stage && next < this.#progress + 0.01 && next < 1) return;
    this.#stage = stage;
    this.#progress = next;
    this.options.onProgress?.({ stage, progress: next });
  }
}
