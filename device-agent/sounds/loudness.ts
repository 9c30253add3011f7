import { SAMPLE_RATE } from '../outputs/output.ts';
import { KWeighting, lufs } from '../playback/k-weighting.ts';

const BLOCK = 0.4 * SAMPLE_RATE;
const STEP = 0.1 * SAMPLE_RATE;

/** Integrated loudness of mono sound (−1…1) by ITU-R BS.1770-4, both gates included; −120 for silence or less than 400 ms. */
export function integratedLufs(samples: Float64Array): number {
  const weighting = new KWeighting();
  const squares = samples.map((sample) => weighting.next(sample) ** 2);
  const blocks: number[] = [];
  for (let at = 0; at + BLOCK <= squares.length; at += STEP)
    blocks.push(mean(squares.subarray(at, at + BLOCK)));
  const loud = blocks.filter((block) => lufs(block) > -70);
  const relative = lufs(mean(loud)) - 10;
  return lufs(mean(loud.filter((block) => lufs(block) > relative)));
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}
