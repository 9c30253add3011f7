import type { Milliseconds } from '#kit';
import type { HashedContent } from './chunk-list.ts';
import type { Waveform } from './peaks.ts';
import type { SourceFacts } from './probe.ts';

/** Media type of every delivered file. */
export const DELIVERED_MEDIA_TYPE = 'audio/ogg; codecs=opus';

/** A file ready to be delivered, and what is known about it. Every figure was measured on the decoded file itself. */
export interface PreparedAudio extends HashedContent {
  /** Where it lies; the caller moves it into the store or removes it. */
  readonly path: string;
  readonly mediaType: typeof DELIVERED_MEDIA_TYPE;
  readonly durationMs: Milliseconds;
  readonly integratedLufs: number;
  readonly truePeakDb: number;
  readonly waveform: Waveform;
  /** Silence that was cut off at both ends. */
  readonly trimmed: { readonly leadMs: Milliseconds; readonly tailMs: Milliseconds };
  /** What the file that was brought in said of itself. */
  readonly source: SourceFacts & { readonly bytes: number; readonly durationMs: Milliseconds };
  /** How often it was encoded until it measured right. */
  readonly attempts: number;
}

export type PreparationStage = 'probing' | 'measuring' | 'encoding' | 'checking';

export interface PreparationProgress {
  readonly stage: PreparationStage;
  /** 0 to 1, never falling. */
  readonly progress: number;
}

/** What is taken in. */
export interface PreparationLimits {
  readonly maxBytes: number;
  readonly minDurationMs: Milliseconds;
  readonly maxDurationMs: Milliseconds;
  /** Each of the programs is stopped after this long. */
  readonly timeLimitMs: Milliseconds;
}

/** An hour of 24-bit stereo, or two hours of anything smaller. */
export const DEFAULT_LIMITS: PreparationLimits = {
  maxBytes: 1024 * 1024 * 1024,
  minDurationMs: 1_000,
  maxDurationMs: 2 * 3_600_000,
  timeLimitMs: 30 * 60_000,
};
