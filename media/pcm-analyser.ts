/** Length of one level block. */
export const BLOCK_MS = 10;

/** What a pass over the decoded source found. Levels are of the mono mix, full scale is 1. */
export interface PcmFacts {
  /** Samples per channel. */
  readonly frames: number;
  /** Mean square of each 10 ms block; the last may be shorter. */
  readonly power: Float32Array;
  /** Highest absolute sample of each block. */
  readonly peak: Float32Array;
  /** Samples at full scale, two or more in a row, as a share of all samples, in the channel where it is highest. */
  readonly clippedShare: number;
  /** Mean square of each channel on its own. */
  readonly channelPower: readonly number[];
}

/** A list of floats that grows by doubling. */
class Floats {
  #data = new Float32Array(4096);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const grown = new Float32Array(this.#data.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.#length++] = value;
  }

  get values(): Float32Array {
    return this.#data.subarray(0, this.#length);
  }
}

export interface PcmAnalyserOptions {
  readonly sampleRate: number;
  readonly channels: number;
  /** Smallest absolute sample (0–32768) that counts as full scale. */
  readonly fullScale: number;
  /** The one channel to listen to; null for the mean of all. */
  readonly only: number | null;
}

/** Takes interleaved signed 16-bit little-endian samples in pieces of any size. A piece of 64 KiB takes a fraction of a millisecond. */
export class PcmAnalyser {
  readonly #channels: number;
  readonly #fullScale: number;
  readonly #only: number | null;
  readonly #blockFrames: number;
  readonly #power = new Floats();
  readonly #peak = new Floats();
  readonly #channelSum: Float64Array;
  readonly #channelClipped: Float64Array;
  /** Length of the run at full scale that is under way, its sign that of the samples. */
  readonly #run: Float64Array;
  #rest: Buffer = Buffer.alloc(0);
  #frames = 0;
  #blockFill = 0;
  #blockSum = 0;
  #blockPeak = 0;

  constructor(options: PcmAnalyserOptions) {
    this.#channels = options.channels;
    this.#fullScale = options.fullScale;
    this.#only = options.only;
    this.#blockFrames = Math.round((options.sampleRate * BLOCK_MS) / 1000);
    this.#channelSum = new Float64Array(options.channels);
    this.#channelClipped = new Float64Array(options.channels);
    this.#run = new Float64Array(options.channels);
  }

  /** Samples per channel so far. */
  get frames(): number {
    return this.#frames;
  }

  add(piece: Buffer): void {
    const bytes = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    const frameBytes = this.#channels * 2;
    const usable = bytes.byteLength - (bytes.byteLength % frameBytes);
    this.#rest = Buffer.from(bytes.subarray(usable));
    this.#take(samplesOf(bytes, usable));
  }

  finish(): PcmFacts {
    if (this.#blockFill > 0) this.#endBlock();
    return {
      frames: this.#frames,
      power: this.#power.values,
      peak: this.#peak.values,
      clippedShare: this.#frames === 0 ? 0 : Math.max(...this.#channelClipped) / this.#frames,
      channelPower: [...this.#channelSum].map((sum) =>
        this.#frames === 0 ? 0 : sum / this.#frames / FULL_SQUARE,
      ),
    };
  }

  #take(samples: Int16Array): void {
    const channels = this.#channels;
    const only = this.#only;
    const high = this.#fullScale;
    const low = -this.#fullScale;
    for (let at = 0; at < samples.length; at += channels) {
      let mix = 0;
      for (let channel = 0; channel < channels; channel++) {
        const value = samples[at + channel] ?? 0;
        if (value >= high || value <= low) this.#countFull(channel, value > 0 ? 1 : -1);
        else this.#run[channel] = 0;
        this.#channelSum[channel] = (this.#channelSum[channel] ?? 0) + value * value;
        if (only === null) mix += value;
        else if (only === channel) mix = value * channels;
      }
      mix /= channels;
      const size = mix < 0 ? -mix : mix;
      if (size > this.#blockPeak) this.#blockPeak = size;
      this.#blockSum += mix * mix;
      if (++this.#blockFill === this.#blockFrames) this.#endBlock();
    }
    this.#frames += samples.length / channels;
  }

  /** A lone sample at full scale is a peak; two in a row and more are one that was cut off. */
  #countFull(channel: number, sign: 1 | -1): void {
    const run = (this.#run[channel] ?? 0) * sign;
    const length = run > 0 ? run + 1 : 1;
    this.#run[channel] = length * sign;
    if (length > 1)
      this.#channelClipped[channel] = (this.#channelClipped[channel] ?? 0) + (length === 2 ? 2 : 1);
  }

  #endBlock(): void {
    this.#power.push(this.#blockSum / this.#blockFill / FULL_SQUARE);
    this.#peak.push(this.#blockPeak / 32_768);
    this.#blockFill = 0;
    this.#blockSum = 0;
    this.#blockPeak = 0;
  }
}

const FULL_SQUARE = 32_768 * 32_768;

/** The samples in place where alignment allows it, else in a copy. (Every machine that Node runs on for us is little-endian.) */
function samplesOf(bytes: Buffer, length: number): Int16Array {
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, length / 2);
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return new Int16Array(copy.buffer);
}
