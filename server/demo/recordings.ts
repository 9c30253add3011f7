import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hear } from '#media';

const FRAMES_PER_MS = 48;
const BYTES_PER_FRAME = 2;
/** Loud enough to be speech and not the decoder's noise: −40 dBFS. */
const ONSET = 0.01 * 32_768;

/** What the recording of one loudspeaker shows. */
export interface Judgement {
  readonly lufs: number;
  readonly truePeakDb: number;
  /** First word heard, less the instant at which it was due, ms. */
  readonly startErrorMs: number;
}

/**
 * Judges one recording: its loudness, and when its first word came. The instant of the recording's first sample is in
 * the note beside it. `wordDueAt`: see there.
 */
export async function judge(folder: string, wordDueAt: number): Promise<Judgement> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.wav'));
  if (name === undefined) throw new Error(`no recording in ${folder}`);
  const path = join(folder, name);
  const note = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { startedAtMs: number };
  const recording = await hear(path);
  const heardAt = note.startedAtMs + onsetMs(recording.pcm);
  return {
    lufs: recording.integratedLufs,
    truePeakDb: recording.truePeakDb,
    startErrorMs: heardAt - wordDueAt,
  };
}

/** When the first word of a prepared file is due, found in it as in a recording. */
export async function wordDueAt(prepared: string, startsAt: number): Promise<number> {
  return startsAt + onsetMs((await hear(prepared)).pcm);
}

/** Where sound begins in mono 16-bit PCM at 48 kHz, ms from its start. */
function onsetMs(pcm: Buffer): number {
  for (let at = 0; at + 1 < pcm.length; at += BYTES_PER_FRAME)
    if (Math.abs(pcm.readInt16LE(at)) > ONSET) return at / BYTES_PER_FRAME / FRAMES_PER_MS;
  throw new Error('the recording is silent');
}
