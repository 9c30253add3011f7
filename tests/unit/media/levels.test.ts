import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcmAnalyser, type PcmAnalyserOptions } from '../../../media/pcm-analyser.ts';
import { waveform } from '../../../media/peaks.ts';
import { loudestPassageDb, soundingSpan } from '../../../media/silence.ts';

function analyse(samples: readonly number[], options: Partial<PcmAnalyserOptions> = {}, cut = 1 << 20) {
  const bytes = Buffer.alloc(samples.length * 2);
  for (const [at, sample] of samples.entries()) bytes.writeInt16LE(sample, at * 2);
  const analyser = new PcmAnalyser({
    sampleRate: 8000,
    channels: 1,
    fullScale: 32_766,
    only: null,
    ...options,
  });
  for (let from = 0; from < bytes.byteLength; from += cut) analyser.add(bytes.subarray(from, from + cut));
  return analyser.finish();
}

describe('the PCM analyser', () => {
  it('measures blocks of 10 ms, the last one shorter', () => {
    const facts = analyse([...Array(80).fill(16_384), ...Array(40).fill(-8_192)]);
    expect([...facts.power]).toEqual([0.25, 0.0625]);
    expect([...facts.peak]).toEqual([0.5, 0.25]);
    expect(facts.frames).toBe(120);
  });

  it('finds the same however the bytes are cut', () => {
    const sample = fc.integer({ min: -32_768, max: 32_767 });
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 600 }),
        fc.integer({ min: 1, max: 50 }),
        (samples, cut) => {
          const whole = samples.slice(0, samples.length - (samples.length % 2));
          expect(analyse(whole, { channels: 2 }, cut)).toEqual(analyse(whole, { channels: 2 }));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('mixes channels in equal parts, or listens to one', () => {
    const opposite = Array.from({ length: 160 }, (_, at) => (at % 2 === 0 ? 8_192 : -8_192));
    expect([...analyse(opposite, { channels: 2 }).power]).toEqual([0]);
    expect([...analyse(opposite, { channels: 2, only: 1 }).power]).toEqual([0.0625]);
    expect(analyse(opposite, { channels: 2 }).channelPower).toEqual([0.0625, 0.0625]);
  });

  it('counts full scale in the worst channel, flattened peaks only', () => {
    const right = [32_767, 32_767, 0, 32_767, 0, -32_768, -32_768, -32_768, 0, 0];
    const stereo = right.flatMap((value) => [0, value]);
    expect(analyse(stereo, { channels: 2 }).clippedShare).toBe(0.5);
    expect(analyse([32_767, -32_768, 32_767, -32_768]).clippedShare).toBe(0);
    expect(analyse([]).clippedShare).toBe(0);
  });
});

describe('silence', () => {
  const blocks = (...parts: readonly (readonly [count: number, db: number])[]) =>
    Float32Array.from(parts.flatMap(([count, db]) => Array<number>(count).fill(10 ** (db / 10))));

  it('is cut off at both ends up to 100 ms', () => {
    const power = blocks([50, -80], [100, -20], [60, -80]);
    expect(soundingSpan(power, -20)).toEqual({ first: 40, end: 160 });
  });

  it('that is shorter than what is kept stays whole', () => {
    expect(soundingSpan(blocks([5, -80], [100, -20], [3, -80]), -20)).toEqual({ first: 0, end: 108 });
  });

  it('is not ended by a click', () => {
    const power = blocks([20, -80], [2, -10], [50, -80], [100, -20], [60, -80]);
    expect(soundingSpan(power, -20)).toEqual({ first: 62, end: 182 });
  });

  it('depends on how loud the rest is: soft speech stays, background noise goes', () => {
    expect(soundingSpan(blocks([30, -60], [100, -50], [30, -60]), -50)).toEqual({ first: 0, end: 160 });
    expect(soundingSpan(blocks([30, -60], [100, -20], [30, -60]), -20)).toEqual({ first: 20, end: 140 });
  });

  it('only: nothing sounds', () => {
    expect(soundingSpan(blocks([100, -90]), -70)).toBeUndefined();
    expect(soundingSpan(new Float32Array(0), -70)).toBeUndefined();
  });

  it('is judged by the loudest 400 ms', () => {
    expect(loudestPassageDb(blocks([100, -90], [40, -30], [100, -90]))).toBeCloseTo(-30, 1);
    expect(loudestPassageDb(blocks([10, -30]))).toBeCloseTo(-30, 1);
    expect(loudestPassageDb(new Float32Array(100))).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('the waveform', () => {
  it('is never longer than 800 bars and keeps the highest level of each', () => {
    const peak = new Float32Array(1601).fill(0.1);
    peak[4] = 1;
    const drawn = waveform(peak, 10);
    expect(drawn.barMs).toBe(30);
    expect(drawn.bars).toHaveLength(534);
    expect(drawn.bars.slice(0, 3)).toEqual([26, 255, 26]);
    expect(waveform(new Float32Array(720_000), 10).bars.length).toBeLessThanOrEqual(800);
  });
});
