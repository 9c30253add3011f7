import { describe, expect, it } from 'vitest';
import {
  DriftController,
  MAX_SLEW_PPM,
  SampleCredit,
  SlewedTarget,
} from '../../../device-agent/playback/drift.ts';
import { simulateDrift } from '../../helpers/simulated-output.ts';

describe('a sound card that is off, 30 minutes of play', () => {
  for (const ppm of [-100, 100]) {
    it(`${ppm} ppm is held within 5 ms, and within 3 ms at the end`, async () => {
      const { maxSkewMs, finalSkewMs } = await simulateDrift({ ppm, minutes: 30 });
      expect(maxSkewMs).toBeLessThan(5);
      expect(Math.abs(finalSkewMs)).toBeLessThan(3);
    });
  }

  it('follows a mapping that is refined while playing, without a jump', async () => {
    const mapping = (playedMs: number) => (playedMs > 20_000 ? 12 : 0);
    const { maxSkewMs, finalSkewMs, skippedMs } = await simulateDrift({ ppm: 50, minutes: 5, mapping });
    expect(maxSkewMs).toBeLessThan(15);
    expect(Math.abs(finalSkewMs)).toBeLessThan(3);
    expect(skippedMs).toBe(0);
  });

  it('leaves out content after the card has lost 150 ms', async () => {
    const stumble = { afterMs: 10_000, ms: 150 };
    const { finalSkewMs, skippedMs } = await simulateDrift({ ppm: 0, minutes: 3, stumble });
    expect(skippedMs).toBeGreaterThan(140);
    expect(skippedMs).toBeLessThan(160);
    expect(Math.abs(finalSkewMs)).toBeLessThan(3);
  });
});

describe('DriftController', () => {
  it('leaves a small error alone', () => {
    const controller = new DriftController();
    for (let block = 0; block < 1_000; block++)
      expect(controller.step(1.9, 20)).toEqual({ kind: 'slew', ppm: 0 });
  });

  it('never corrects by more than its limit', () => {
    const controller = new DriftController();
    for (const errorMs of [24, -24, 20]) {
      const correction = controller.step(errorMs, 20);
      expect(correction.kind === 'slew' && Math.abs(correction.ppm)).toBeLessThanOrEqual(MAX_SLEW_PPM);
    }
  });

  it('believes in a loss only when it lasts', () => {
    const controller = new DriftController();
    for (let ms = 20; ms < 1_000; ms += 20) expect(controller.step(150, 20).kind).toBe('slew');
    expect(controller.step(150, 20)).toEqual({ kind: 'splice', errorMs: 150 });
    expect(controller.step(150, 20).kind).toBe('slew');
  });
});

describe('SampleCredit', () => {
  it('spreads a rate over whole samples', () => {
    const credit = new SampleCredit();
    let taken = 0;
    for (let block = 0; block < 1_000; block++) taken += credit.take(-250, 960);
    expect(Math.abs(taken + 240)).toBeLessThanOrEqual(1);
  });
});

describe('SlewedTarget', () => {
  it('moves no faster than its rate and arrives', () => {
    const target = new SlewedTarget(100, 300);
    target.follow(110, 1_000);
    expect(target.valueMs).toBeCloseTo(100.3, 6);
    for (let second = 0; second < 60; second++) target.follow(110, 1_000);
    expect(target.valueMs).toBe(110);
  });
});
