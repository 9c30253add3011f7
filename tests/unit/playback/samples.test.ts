import { describe, expect, it } from 'vitest';
import { Level, softLimit } from '../../../device-agent/playback/level.ts';
import { Meter, SILENCE_DB } from '../../../device-agent/playback/meter.ts';
import { stretch } from '../../../device-agent/playback/stretch.ts';

const steady = (value: number, length = 960) => new Int16Array(length).fill(value);

/** A level that has faded in. */
function opened(gainDb: number): Level {
  const level = new Level({ gainDb });
  level.fadeIn();
  level.apply(steady(0));
  return level;
}

describe('Level', () => {
  it('passes samples bit for bit without gain', () => {
    const level = opened(0);
    const block = Int16Array.from({ length: 960 }, (_, index) => index * 34 - 16_000);
    const before = block.slice();
    level.apply(block);
    expect(block).toEqual(before);
  });

  it('fades in over 5 ms from nothing', () => {
    const level = new Level({ gainDb: 0 });
    level.fadeIn();
    const block = steady(10_000);
    level.apply(block);
    expect(block[0]).toBeLessThan(100);
    expect(block[119]).toBeCloseTo(5_000, -2);
    expect(block[240]).toBe(10_000);
  });

  it('fades out to exact silence, over blocks, without a step', () => {
    const level = opened(0);
    level.fadeOut(100);
    let before = 10_000;
    for (let at = 0; at < 5; at++) {
      expect(level.silent).toBe(false);
      const block = steady(10_000);
      level.apply(block);
      for (const sample of block) {
        expect(before - sample).toBeLessThan(5);
        before = sample;
      }
    }
    expect(level.silent).toBe(true);
    expect(before).toBe(0);
    const after = steady(10_000);
    level.apply(after);
    expect(after).toEqual(steady(0));
  });

  it('applies gain in dB', () => {
    const level = opened(-6);
    const block = steady(10_000);
    level.apply(block);
    expect(block[500]).toBeCloseTo(5_012, -1);
  });

  it('never clips, however large the gain', () => {
    const level = opened(24);
    const block = Int16Array.from([-32_768, -20_000, -1_000, 0, 1_000, 20_000, 32_767]);
    level.apply(block);
    expect([...block]).toEqual([...block].sort((a, b) => a - b));
    expect(Math.abs(block[0] ?? 0)).toBeLessThanOrEqual(32_767);
    expect(block[4]).toBeCloseTo(15_849, -1);
  });
});

describe('softLimit', () => {
  it('is straight below the knee, odd, and never beyond full scale', () => {
    expect(softLimit(0.5)).toBe(0.5);
    expect(softLimit(-3)).toBe(-softLimit(3));
    expect(softLimit(100)).toBeLessThanOrEqual(1);
    expect(softLimit(0.95)).toBeGreaterThan(softLimit(0.92));
  });
});

describe('Meter', () => {
  it('measures a full-scale square as 0 dB and a sine 3 dB below its peak', () => {
    const square = new Meter();
    square.add(steady(-32_768));
    expect(square.meanDb).toBeCloseTo(0, 3);
    expect(square.peakDb).toBeCloseTo(0, 3);
    const sine = new Meter();
    for (let block = 0; block < 5; block++) {
      sine.add(Int16Array.from({ length: 960 }, (_, at) => 16_384 * Math.sin((2 * Math.PI * at) / 96)));
    }
    expect(sine.peakDb).toBeCloseTo(-6.02, 1);
    expect(sine.meanDb).toBeCloseTo(-9.03, 1);
  });

  it('has a floor', () => {
    const meter = new Meter();
    expect([meter.meanDb, meter.peakDb]).toEqual([SILENCE_DB, SILENCE_DB]);
    meter.add(steady(0));
    expect([meter.meanDb, meter.peakDb]).toEqual([SILENCE_DB, SILENCE_DB]);
  });
});

describe('stretch', () => {
  for (const to of [959, 961]) {
    it(`makes ${to} of 960 samples and keeps the ends and the shape`, () => {
      const input = Int16Array.from({ length: 960 }, (_, at) => 10_000 * Math.sin((2 * Math.PI * at) / 96));
      const out = new Int16Array(to);
      stretch(input, 960, out, to);
      expect(out[0]).toBe(input[0]);
      expect(out[to - 1]).toBe(input[959]);
      for (let at = 1; at < to; at++) expect(Math.abs((out[at] ?? 0) - (out[at - 1] ?? 0))).toBeLessThan(700);
    });
  }
});
