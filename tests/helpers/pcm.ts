import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { bestLag } from './fft.ts';

/** Everything here is mono at this rate. */
export const RATE = 48_000;

/** A span of samples, `end` not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Signed 16-bit little-endian to −1…1. An odd last byte is left out. */
export function fromS16(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.byteLength >> 1);
  for (let index = 0; index < samples.length; index++)
    samples[index] = view.getInt16(index * 2, true) / 32_768;
  return samples;
}

/**
 * Reads a mono 48 kHz 16-bit WAV file as it is on disk now: what follows the header counts, whatever length the header
 * states (`stated` tells it), so that a file whose writer was killed is judged too. @throws Error for any other format
 */
export async function readWav(
  path: string,
): Promise<{ readonly samples: Float32Array; readonly stated: number }> {
  const bytes = await readFile(path);
  const format = bytes
    .subarray(0, 16)
    .toString('latin1')
    .replace(/^(RIFF)....(WAVEfmt )$/s, '$1$2');
  const fields = [20, 22, 34].map((at) => bytes.readUInt16LE(at)).join();
  if (format !== 'RIFFWAVEfmt ' || fields !== '1,1,16' || bytes.readUInt32LE(24) !== RATE) {
    throw new Error(`${path} is not a mono 48 kHz 16-bit WAV file`);
  }
  return { samples: fromS16(bytes.subarray(44)), stated: bytes.readUInt32LE(40) / 2 };
}

/** Decodes any audio file with ffmpeg to mono 48 kHz, its whole length or from an offset. */
export async function decodeAudio(path: string, ffmpeg = 'ffmpeg'): Promise<Float32Array> {
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    `file:${path}`,
    '-ac',
    '1',
    '-ar',
    `${RATE}`,
    '-f',
    's16le',
    '-',
  ];
  const { stdout } = await promisify(execFile)(ffmpeg, args, {
    encoding: 'buffer',
    maxBuffer: 512 * 2 ** 20,
  });
  return fromS16(stdout);
}

/** From the first to the last sample louder than the threshold; `undefined` when none is. */
export function soundSpan(samples: Float32Array, thresholdDb = -50): Span | undefined {
  const threshold = 10 ** (thresholdDb / 20);
  const start = samples.findIndex((sample) => Math.abs(sample) > threshold);
  if (start < 0) return undefined;
  const end = samples.findLastIndex((sample) => Math.abs(sample) > threshold) + 1;
  return { start, end };
}

/**
 * Where in a recording a reference lies, and how like it is there: `lag` is the index in the recording of the
 * reference's first sample (negative when the recording begins later), `correlation` the normalised cross-correlation
 * (−1…1) of what overlaps at that lag. Gain makes no difference; silence correlates 0.
 */
export function align(
  reference: Float32Array,
  recording: Float32Array,
): { readonly lag: number; readonly correlation: number } {
  const coarseBy = 4;
  const coarse = bestLag(decimate(reference, coarseBy), decimate(recording, coarseBy)) * coarseBy;
  let best = { lag: coarse, correlation: -1 };
  for (let lag = coarse - 2 * coarseBy; lag <= coarse + 2 * coarseBy; lag++) {
    const correlation = correlationAt(reference, recording, lag);
    if (correlation > best.correlation) best = { lag, correlation };
  }
  return best;
}

/** Normalised correlation of what overlaps when `reference[0]` lies on `recording[lag]`. */
export function correlationAt(reference: Float32Array, recording: Float32Array, lag: number): number {
  let product = 0;
  let left = 0;
  let right = 0;
  const from = Math.max(0, -lag);
  const to = Math.min(reference.length, recording.length - lag);
  for (let index = from; index < to; index++) {
    const a = reference[index] ?? 0;
    const b = recording[index + lag] ?? 0;
    product += a * b;
    left += a * a;
    right += b * b;
  }
  return left === 0 || right === 0 ? 0 : product / Math.sqrt(left * right);
}

function decimate(samples: Float32Array, by: number): Float32Array {
  const out = new Float32Array(Math.floor(samples.length / by));
  for (let index = 0; index < out.length; index++) {
    let sum = 0;
    for (let at = 0; at < by; at++) sum += samples[index * by + at] ?? 0;
    out[index] = sum / by;
  }
  return out;
}
