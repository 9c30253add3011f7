import type { Milliseconds } from '#kit';
import type { Evidence, OutputKind } from '#protocols';

export type { OutputKind };

/** The one format inside the agent: mono, 48 kHz, signed 16-bit little-endian. */
export const SAMPLE_RATE = 48_000;
export const BYTES_PER_FRAME = 2;
/** Frames in a millisecond. */
export const FRAMES_PER_MS = SAMPLE_RATE / 1000;
/** 20 ms: what is handled at once by outputs that make sound. */
export const BLOCK_FRAMES = 960;

/** What a probe saw. `detail` is a sentence for a technician; empty when all is well. */
export interface OutputProbe {
  readonly ok: boolean;
  readonly device: string;
  readonly detail: string;
}

/**
 * Where sound goes. Holds no process, descriptor or timer between sessions.
 *
 * `evidence` is `none` where nobody could have heard or recorded anything: a receipt made through such an output says
 * so and never counts as played.
 */
export interface Output {
  readonly kind: OutputKind;
  readonly device: string;
  readonly evidence: Evidence;
  /**
   * Opens the device; resolves when it has accepted the format.
   * @throws DomainError `output.missing`
   */
  open(): Promise<OutputSession>;
  /** Tries the device without making a sound. Never throws. */
  probe(): Promise<OutputProbe>;
}

/**
 * One use of an output, from `open` to `close`. Frames are counted from 0 in the order in which they are written;
 * the frames that a device makes up by itself (an underrun) are not counted, they move the later ones.
 */
export interface OutputSession {
  /** Frames that the writer hands over at once; shorter blocks are taken, longer ones are not. */
  readonly blockFrames: number;
  /** How far ahead of the sound `write` lets the writer get. */
  readonly leadMs: Milliseconds;
  /** How far `timeOf` and `framesPlayed` may be from the truth, one-sided. */
  readonly uncertaintyMs: Milliseconds;
  /**
   * Takes whole frames and resolves when the next block is wanted. The buffer may be used again then.
   * @throws DomainError `output.failed` when the device died or stalled
   */
  write(pcm: Uint8Array): Promise<void>;
  /**
   * The clock's monotonic time at which a frame leaves (or left) the device, its latency included; for frames not
   * yet written, when they would if written without a gap. `undefined` until the device has been seen playing.
   */
  timeOf(frame: number): Milliseconds | undefined;
  /** Estimate of the frames that have sounded by now, never more than were written. */
  framesPlayed(): number;
  /**
   * Resolves when everything written has sounded. Nothing may be written afterwards.
   * @throws DomainError `output.failed`
   */
  drain(): Promise<void>;
  /** Lets go of the device at once; what has not sounded is lost. Never throws; may be called twice. */
  close(): Promise<void>;
}
