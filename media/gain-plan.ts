import { setImmediate as nextTurn } from 'node:timers/promises';

/** What a delivered file must measure. Horn loudspeakers need the headroom. */
export const TARGET = {
  lufs: -16,
  /** Delivered files lie within this of the target; tighter than the 1 LU promised, since meters round. */
  toleranceLu: 0.85,
  /** Highest true peak promised, in dBTP. */
  truePeakDb: -1.5,
} as const;

/** ffmpeg prints peaks with one decimal: this printed value is certainly within the promise. */
const SAFE_TRUE_PEAK_DB = TARGET.truePeakDb - 0.1;

/** Opus at 32 kbit/s puts peaks of speech 0.5 to 1.2 dB above what went in. */
const FIRST_LIMIT_DB = -2.9;

/** Speech loses this much loudness in Opus and between the model's blocks (0.1 to 0.3 LU, measured). */
const CODEC_BIAS_LU = -0.2;

/** No recording is raised further than this. */
const MOST_GAIN_DB = 60;
const LEAST_GAIN_DB = -40;

/** What the encoding pass does to the level. */
export interface GainPlan {
  readonly gainDb: number;
  /** Sample peaks are held below this, in dBFS. */
  readonly limitDb: number;
}

/** What one attempt measured on the decoded file. */
export interface Attempt {
  readonly plan: GainPlan;
  readonly lufs: number;
  readonly truePeakDb: number;
}

/** The source as the limiter will meet it: 10 ms blocks of the part that is kept. */
export interface LevelBlocks {
  readonly power: Float32Array;
  readonly peak: Float32Array;
  /** Integrated loudness of that part before any gain. */
  readonly integratedLufs: number;
}

/** Whether a delivered file keeps the promise. */
export function withinTarget(lufs: number, truePeakDb: number): boolean {
  return Math.abs(lufs - TARGET.lufs) <= TARGET.toleranceLu && truePeakDb <= SAFE_TRUE_PEAK_DB;
}

/**
 * The gain and the limit for the next attempt, from what the attempts before it measured (none at first). The limiter's
 * loss of loudness is simulated on the blocks, so that one encoding nearly always is enough. Undefined when no gain can
 * reach the target. Lets the event loop turn between its steps.
 */
export async function planGain(
  source: LevelBlocks,
  before: readonly Attempt[],
): Promise<GainPlan | undefined> {
  const blocks = sampled(source);
  const last = before.at(-1);
  const limitDb = last === undefined ? FIRST_LIMIT_DB : nextLimit(last);
  // How far the model was off last time: the codec's own share, and where 10 ms blocks are too coarse.
  const bias = last === undefined ? CODEC_BIAS_LU : last.lufs - predictLufs(blocks, last.plan);
  let low = LEAST_GAIN_DB;
  let high = MOST_GAIN_DB;
  if (predictLufs(blocks, { gainDb: high, limitDb }) + bias < TARGET.lufs - TARGET.toleranceLu)
    return undefined;
  // Without a limiter one step would do: start around it.
  const plain = TARGET.lufs - bias - blocks.integratedLufs;
  if (plain > low && plain < high) low = plain - 0.1;
  while (high - low > 0.02) {
    await nextTurn();
    const gainDb = (low + high) / 2;
    if (predictLufs(blocks, { gainDb, limitDb }) + bias < TARGET.lufs) low = gainDb;
    else high = gainDb;
  }
  return { gainDb: round2((low + high) / 2), limitDb };
}

function nextLimit(last: Attempt): number {
  const excess = last.truePeakDb - SAFE_TRUE_PEAK_DB;
  return excess <= 0 ? last.plan.limitDb : round2(last.plan.limitDb - excess - 0.2);
}

/** Ten minutes: what the limiter takes from a long programme is known well enough from so much of it. */
const MOST_BLOCKS = 60_000;
const SAMPLE_BLOCKS = 1_000;

/** Evenly spread 10 s pieces of a long programme, so that no step of planning takes more than some milliseconds. */
function sampled(blocks: LevelBlocks): LevelBlocks {
  const { length } = blocks.power;
  if (length <= MOST_BLOCKS) return blocks;
  const pieces = MOST_BLOCKS / SAMPLE_BLOCKS;
  const power = new Float32Array(MOST_BLOCKS);
  const peak = new Float32Array(MOST_BLOCKS);
  for (let piece = 0; piece < pieces; piece++) {
    const from = Math.floor((piece * (length - SAMPLE_BLOCKS)) / (pieces - 1));
    power.set(blocks.power.subarray(from, from + SAMPLE_BLOCKS), piece * SAMPLE_BLOCKS);
    peak.set(blocks.peak.subarray(from, from + SAMPLE_BLOCKS), piece * SAMPLE_BLOCKS);
  }
  return { power, peak, integratedLufs: blocks.integratedLufs };
}

/** ffmpeg's `alimiter` gets back from full reduction to none in this long. */
const RELEASE_BLOCKS = 5;

/** Integrated loudness after gain and limiter, by a model of `alimiter` on 10 ms blocks. */
export function predictLufs(blocks: LevelBlocks, plan: GainPlan): number {
  const gain = 10 ** (plan.gainDb / 20);
  const limit = 10 ** (plan.limitDb / 20);
  const { power, peak } = blocks;
  const limited = new Float32Array(power.length);
  let factor = 1;
  let step = 0;
  for (let block = 0; block < power.length; block++) {
    const high = (peak[block] ?? 0) * gain;
    const needed = high > limit ? limit / high : 1;
    factor = Math.min(1, factor + step);
    if (needed < factor) {
      factor = needed;
      step = (1 - needed) / RELEASE_BLOCKS;
    }
    limited[block] = (power[block] ?? 0) * factor * factor;
  }
  return blocks.integratedLufs + plan.gainDb + gatedDb(limited, gain) - gatedDb(power, gain);
}

/** Gated mean power in dB (BS.1770-4 gating without its weighting): 400 ms windows every 100 ms, gates at -70 and -10. */
function gatedDb(power: Float32Array, gain: number): number {
  const windows = slidingMeans(power);
  const absolute = 10 ** -7 / (gain * gain);
  const ungated = meanAbove(windows, absolute);
  const gated = meanAbove(windows, Math.max(absolute, ungated / 10));
  return gated <= 0 ? -100 : 10 * Math.log10(gated);
}

function slidingMeans(power: Float32Array): Float64Array {
  const length = Math.min(40, power.length);
  const means = new Float64Array(Math.max(1, Math.floor((power.length - length) / 10) + 1));
  let sum = 0;
  let window = 0;
  for (let block = 0; block < power.length && window < means.length; block++) {
    sum += power[block] ?? 0;
    if (block >= length) sum -= power[block - length] ?? 0;
    if (block === length - 1 + window * 10) means[window++] = Math.max(0, sum / Math.max(1, length));
  }
  return means;
}

function meanAbove(values: Float64Array, threshold: number): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value < threshold) continue;
    sum += value;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
