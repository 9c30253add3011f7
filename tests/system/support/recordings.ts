import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { align, RATE, readWav, soundSpan } from '../../helpers/pcm.ts';

/** One recording of a file output that is not silent. */
export interface Recording {
  readonly samples: Float32Array;
  /** Instant of sample 0 by the agent's clock, ms. */
  readonly startedAtMs: number;
  /** The same by the clock of the file system, which no agent can set: a moment late, and never early. */
  readonly arrivedAtMs: number;
}

/** Every recording in which something sounds, oldest first. */
export async function soundingRecordings(folder: string): Promise<Recording[]> {
  const names = await readdir(folder).catch(() => []);
  const found: Recording[] = [];
  for (const name of names.filter((one) => one.endsWith('.wav')).sort()) {
    const path = join(folder, name);
    const { samples } = await readWav(path);
    if (soundSpan(samples) === undefined) continue;
    const note = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { startedAtMs: number };
    const { mtimeMs: arrivedAtMs } = await stat(`${path}.json`);
    found.push({ samples, startedAtMs: note.startedAtMs, arrivedAtMs });
  }
  return found;
}

/** `pieces` of one and the same sound, gaps of a busy machine included; those of another sound are at most about 0.5. */
export const ALIKE = 0.8;

/** What a recording shows of an announcement. */
export interface Likeness {
  /** Of all that overlaps, −1…1. */
  readonly correlation: number;
  /** See `piecewise`. */
  readonly pieces: number;
  /** How much longer the sound is than the announcement's, ms. */
  readonly durationErrorMs: number;
  /** Instant of the announcement's first sample, ms. */
  readonly firstSampleAtMs: number;
  /** Content heard until the recording ends, ms. */
  readonly heardMs: number;
}

/** Holds a recording against the samples of a prepared file. */
export function likeness(prepared: Float32Array, { samples, startedAtMs }: Recording): Likeness {
  const { lag, correlation } = align(prepared, samples);
  return {
    correlation,
    pieces: piecewise(prepared, samples),
    durationErrorMs: lengthMs(samples) - lengthMs(prepared),
    firstSampleAtMs: startedAtMs + (lag * 1000) / RATE,
    heardMs: ((samples.length - lag) * 1000) / RATE,
  };
}

/**
 * Mean correlation of the tenths of seconds of a prepared file, each found by itself within `withinMs` of where it
 * belongs and weighted by its energy. Tells which sound it is where time was corrected (up to a sample in a block, just
 * after a restart) or a busy machine left a gap: both move what follows, which one correlation over all does not bear.
 */
export function piecewise(prepared: Float32Array, samples: Float32Array, withinMs = 2_000): number {
  const { lag } = align(prepared, samples);
  const length = RATE / 10;
  const within = (withinMs * RATE) / 1000;
  let [sum, weights] = [0, 0];
  for (let at = 0; at + length <= prepared.length; at += length) {
    const piece = prepared.subarray(at, at + length);
    const weight = piece.reduce((energy, sample) => energy + sample * sample, 0);
    const around = samples.subarray(Math.max(0, at + lag - within), Math.max(0, at + lag + length + within));
    weights += weight;
    if (weight > 0 && around.length > 0) sum += weight * align(piece, around).correlation;
  }
  return weights === 0 ? 0 : sum / weights;
}

function lengthMs(samples: Float32Array): number {
  const span = soundSpan(samples);
  return span === undefined ? 0 : ((span.end - span.start) * 1000) / RATE;
}
