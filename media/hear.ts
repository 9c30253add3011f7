import { type Clock, SystemClock } from '#kit';
import { DomainError } from '#protocols';
import { type Binaries, locateBinaries } from './binaries.ts';
import { runFfmpeg } from './ffmpeg.ts';
import { DECODE_GUARD, fileInput } from './formats.ts';
import { LoudnessReader } from './loudness.ts';
import { checkPass, DELIVERED_RATE } from './passes.ts';

/** Bytes of PCM at most: an hour. */
const MOST_PCM_BYTES = 3600 * DELIVERED_RATE * 2;
const LIMIT_MS = 5 * 60_000;

/** A file as it sounds. */
export interface Heard {
  /** Mono, 48 kHz, signed 16-bit little-endian. */
  readonly pcm: Buffer;
  /** Gated integrated loudness in LUFS (ITU-R BS.1770). */
  readonly integratedLufs: number;
  /** True peak in dBTP; -Infinity for silence. */
  readonly truePeakDb: number;
}

export interface HearOptions {
  readonly binaries?: Binaries;
  readonly clock?: Clock;
}

/**
 * Decodes and measures an audio file of our own making (a prepared file, a loudspeaker's recording), up to an hour.
 * Throws `media.decoder_failed` and what `runFfmpeg` throws.
 */
export async function hear(path: string, options: HearOptions = {}): Promise<Heard> {
  const { binaries = await locateBinaries(), clock = new SystemClock() } = options;
  const loudness = new LoudnessReader();
  const pieces: Buffer[] = [];
  await runFfmpeg({
    ...checkPass(),
    binaries,
    clock,
    stage: 'listening',
    input: fileInput(path),
    inputOptions: [...DECODE_GUARD, '-vn'],
    onStdout: (piece) => void pieces.push(piece),
    onStderrLine: (line) => loudness.line(line),
    limits: { timeMs: LIMIT_MS, stdoutBytes: MOST_PCM_BYTES },
  });
  const measured = loudness.result;
  if (measured === undefined)
    throw new DomainError('media.decoder_failed', {
      program: 'ffmpeg',
      stage: 'listening',
      reason: 'no loudness came',
    });
  return {
    pcm: Buffer.concat(pieces),
    integratedLufs: measured.integratedLufs,
    truePeakDb: measured.truePeakDb ?? Number.NEGATIVE_INFINITY,
  };
}
