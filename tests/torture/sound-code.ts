import { RATE } from '../helpers/pcm.ts';

/**
 * A sound that says what it is. Every quarter of a second is a chord of four tones, one out of sixteen in each of four
 * bands: the number of the content (6 bits), the place in it (6 bits) and a check (4 bits). It is read from PCM alone,
 * whatever gain, fade or coder it went through.
 */

/** One chord, ms. */
export const BLOCK_MS = 250;
/** Contents and places that can be told apart. */
export const MAX_NUMBER = 64;
export const MAX_BLOCKS = 64;

const BANDS = 4;
const TONES = 16;
const LOWEST_HZ = 500;
const SPACING_HZ = 60;
const LEVEL = 0.18;
const RAMP_MS = 10;

/** What a chord says. */
export interface Mark {
  readonly content: number;
  /** From 0. */
  readonly block: number;
}

/** Mono 16-bit 48 kHz samples of a content with so many blocks. */
export function encode(content: number, blocks: number): Int16Array {
  if (content < 0 || content >= MAX_NUMBER) throw new RangeError(`there is no content ${content}`);
  if (blocks < 1 || blocks > MAX_BLOCKS) throw new RangeError(`a sound has 1 to ${MAX_BLOCKS} blocks`);
  const length = (BLOCK_MS * RATE) / 1000;
  const ramp = (RAMP_MS * RATE) / 1000;
  const samples = new Int16Array(blocks * length);
  for (let block = 0; block < blocks; block++) {
    const tones = tonesOf({ content, block });
    for (let at = 0; at < length; at++) {
      const envelope = Math.min(1, at / ramp, (length - 1 - at) / ramp);
      const sum = tones.reduce((total, hz) => total + Math.sin((2 * Math.PI * hz * at) / RATE), 0);
      samples[block * length + at] = Math.round(sum * LEVEL * envelope * 32_767);
    }
  }
  return samples;
}

/** A WAV file of `encode`. */
export function encodeWav(content: number, blocks: number): Buffer {
  return wavOf(encode(content, blocks));
}

/** A WAV file of mono 16-bit 48 kHz samples. */
export function wavOf(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(44 + samples.byteLength);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + samples.byteLength, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.byteLength, 40);
  for (let at = 0; at < samples.length; at++) bytes.writeInt16LE(samples[at] ?? 0, 44 + at * 2);
  return bytes;
}

function tonesOf(mark: Mark): number[] {
  return symbolsOf(mark).map((symbol, band) => hzOf(band, symbol));
}

function hzOf(band: number, symbol: number): number {
  return LOWEST_HZ + (band * TONES + symbol) * SPACING_HZ;
}

function symbolsOf({ content, block }: Mark): [number, number, number, number] {
  const a = content & 15;
  const b = (content >> 4) | ((block >> 4) << 2);
  const c = block & 15;
  return [a, b, c, (a + 3 * b + 5 * c + 7) & 15];
}

/** Reading is done at a quarter of the rate: the tones lie below 4.5 kHz. */
const DECIMATE = 4;
const READ_RATE = RATE / DECIMATE;
const WINDOW = READ_RATE / 10;
/** Frames (at the full rate) of one look, and from one look to the next. */
export const LOOK_FRAMES = WINDOW * DECIMATE;
export const HOP_FRAMES = LOOK_FRAMES / 2;
/** The strongest tone of a band stands out by this much (power). */
const STANDS_OUT = 8;
/** Tones of one chord are alike within this (power). */
const ALIKE = 40;
/** Below this there is silence: −56 dBFS. */
const SILENCE_POWER = 10 ** -5.6;

/** What one look found: a mark, sound that says nothing, or silence. */
export type Look = Mark | 'sound' | 'silence';

const shape = Float64Array.from({ length: WINDOW }, (_, at) => Math.sin((Math.PI * at) / WINDOW) ** 2);

/** Looks at every tenth of a second of a recording, half overlapping; look k begins at frame k × `HOP_FRAMES`. */
export function* looksAt(samples: Int16Array): Generator<Look> {
  const window = new Float64Array(WINDOW);
  for (let from = 0; from + LOOK_FRAMES <= samples.length; from += HOP_FRAMES) {
    let power = 0;
    for (let at = 0; at < WINDOW; at++) {
      let sum = 0;
      for (let k = 0; k < DECIMATE; k++) sum += samples[from + at * DECIMATE + k] ?? 0;
      const value = sum / (DECIMATE * 32_768);
      power += value * value;
      window[at] = value * (shape[at] ?? 0);
    }
    yield power / WINDOW < SILENCE_POWER ? 'silence' : (read(window) ?? 'sound');
  }
}

function read(window: Float64Array): Mark | undefined {
  const symbols: number[] = [];
  let [weakest, loudest] = [Number.POSITIVE_INFINITY, 0];
  for (let band = 0; band < BANDS; band++) {
    let [best, first, second] = [0, 0, 0];
    for (let symbol = 0; symbol < TONES; symbol++) {
      const power = goertzel(window, hzOf(band, symbol));
      if (power > first) [best, first, second] = [symbol, power, first];
      else if (power > second) second = power;
    }
    if (first < STANDS_OUT * second) return undefined;
    symbols.push(best);
    weakest = Math.min(weakest, first);
    loudest = Math.max(loudest, first);
  }
  if (loudest > ALIKE * weakest) return undefined;
  const [a = 0, b = 0, c = 0, check = 0] = symbols;
  const mark = { content: a | ((b & 3) << 4), block: c | ((b >> 2) << 4) };
  return symbolsOf(mark)[3] === check ? mark : undefined;
}

/** Power of one tone in a window. */
function goertzel(window: Float64Array, hz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / READ_RATE);
  let [last, before] = [0, 0];
  for (let at = 0; at < window.length; at++) {
    const next = (window[at] ?? 0) + factor * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - factor * last * before;
}
