import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { align, RATE, readWav, soundSpan } from '../../helpers/pcm.ts';

/** One recording of a file output that is not silent. */
export interface Recording {
  readonly samples: Float32Array;
  /** Instant of sample 0 by the agent's clock, ms. */
  readonly startedAtMs: number;
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
    found.push({ samples, startedAtMs: note.startedAtMs });
  }
  return found;
}

/** What a recording shows of an announcement. */
export interface Likeness {
  /** Of all that overlaps, −1…1. */
  readonly correlation: number;
  /** The median of quarter seconds, each found by itself: a gap does not hide which sound it is. */
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
    pieces: medianOfPieces(prepared, samples),
    durationErrorMs: lengthMs(samples) - lengthMs(prepared),
    firstSampleAtMs: startedAtMs + (lag * 1000) / RATE,
    heardMs: ((samples.length - lag) * 1000) / RATE,
  };
}

function medianOfPieces(prepared: Float32Array, samples: Float32Array): number {
  const length = RATE / 4;
  const found: number[] = [];
  for (let at = 0; at + length <= prepared.length; at += length)
    found.push(align(prepared.subarray(at, at + length), samples).correlation);
  return found.sort((a, b) => a - b)[found.length >> 1] ?? 0;
}

function lengthMs(samples: Float32Array): number {
  const span = soundSpan(samples);
  return span === undefined ? 0 : ((span.end - span.start) * 1000) / RATE;
}
