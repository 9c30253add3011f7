import { BLOCK_MS } from './pcm-analyser.ts';

/** What is left of leading and trailing silence, so that no consonant is cut and no start is abrupt. */
export const KEPT_SILENCE_MS = 100;

/** A file whose loudest passage (400 ms) stays below this holds no sound worth airing. */
export const SILENCE_DBFS = -60;

/** Sound is what lasts this many blocks; a click of a microphone's switch does not. */
const SOUND_BLOCKS = 3;

/** The part to keep, in 10 ms blocks: [first, end). */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** Level of the loudest 400 ms in dBFS (RMS); -Infinity for digital silence. */
export function loudestPassageDb(power: Float32Array): number {
  const window = Math.min(400 / BLOCK_MS, power.length);
  let sum = 0;
  let loudest = 0;
  for (let block = 0; block < power.length; block++) {
    sum += power[block] ?? 0;
    if (block >= window) sum -= power[block - window] ?? 0;
    if (block >= window - 1) loudest = Math.max(loudest, sum / window);
  }
  return loudest <= 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(loudest);
}

/**
 * Where the sound is, with 100 ms kept at both ends. What counts as silence depends on how loud the rest is: 30 dB below
 * its integrated loudness, between -70 and -45 dBFS, so that background noise is not mistaken for speech nor soft speech
 * for noise. Undefined when nothing sounds for 30 ms.
 */
export function soundingSpan(power: Float32Array, integratedLufs: number): Span | undefined {
  const threshold = 10 ** (Math.min(-45, Math.max(-70, integratedLufs - 30)) / 10);
  const first = edge(power.length, (block) => (power[block] ?? 0) >= threshold);
  if (first === undefined) return undefined;
  const last = edge(power.length, (block) => (power[power.length - 1 - block] ?? 0) >= threshold) ?? 0;
  const kept = KEPT_SILENCE_MS / BLOCK_MS;
  return { first: Math.max(0, first - kept), end: Math.min(power.length, power.length - last + kept) };
}

function edge(length: number, sounds: (block: number) => boolean): number | undefined {
  let run = 0;
  for (let block = 0; block < length; block++) {
    run = sounds(block) ? run + 1 : 0;
    if (run === SOUND_BLOCKS) return block - SOUND_BLOCKS + 1;
  }
  return undefined;
}
