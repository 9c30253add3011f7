import { describe, expect, it } from 'vitest';
import { planGain, predictLufs, TARGET, withinTarget } from '../../../media/gain-plan.ts';

/** `seconds` of even sound with the given level and crest factor. */
function blocks(seconds: number, lufs: number, crestDb: number) {
  const power = new Float32Array(seconds * 100).fill(10 ** (lufs / 10));
  const peak = new Float32Array(seconds * 100).fill(10 ** ((lufs + crestDb) / 20));
  return { power, peak, integratedLufs: lufs };
}

describe('gain planning', () => {
  it('takes the difference where the limiter has nothing to do', async () => {
    const plan = await planGain(blocks(10, -30, 6), []);
    expect(plan?.gainDb).toBeCloseTo(14.2, 1);
    expect((await planGain(blocks(10, -5, 4), []))?.gainDb).toBeCloseTo(-10.8, 1);
  });

  it('makes up for what the limiter will take away', async () => {
    const peaky = blocks(10, -30, 20);
    for (let block = 0; block < 1000; block++) if (block % 20 !== 0) peaky.peak[block] = 0.05;
    const plan = await planGain(peaky, []);
    expect(plan?.gainDb).toBeGreaterThan(14.3);
    expect(plan && predictLufs(peaky, plan)).toBeCloseTo(-15.8, 1);
  });

  it('learns from an attempt: the missing loudness is added, the excess of peaks taken off the limit', async () => {
    const even = blocks(10, -30, 6);
    const first = { gainDb: 14, limitDb: -2.9 };
    const plan = await planGain(even, [{ plan: first, lufs: -17, truePeakDb: -1.1 }]);
    expect(plan?.gainDb).toBeCloseTo(15, 1);
    expect(plan?.limitDb).toBeCloseTo(-3.6, 5);
    const kept = await planGain(even, [{ plan: first, lufs: -17, truePeakDb: -2 }]);
    expect(kept?.limitDb).toBe(-2.9);
  });

  it('plans a long programme from pieces of it, to the same result', async () => {
    const long = blocks(7200, -30, 20);
    for (let block = 0; block < long.peak.length; block++) if (block % 20 !== 0) long.peak[block] = 0.05;
    const short = { ...long, power: long.power.subarray(0, 60_000), peak: long.peak.subarray(0, 60_000) };
    const [ofLong, ofShort] = [await planGain(long, []), await planGain(short, [])];
    expect(Math.abs((ofLong?.gainDb ?? 0) - (ofShort?.gainDb ?? 99))).toBeLessThan(0.1);
  });

  it('gives up where no gain can reach the target', async () => {
    const clicks = blocks(10, -60, 0);
    for (let block = 0; block < 1000; block++) {
      clicks.power[block] = block % 50 === 0 ? 1e-5 : 0;
      clicks.peak[block] = block % 50 === 0 ? 1 : 0;
    }
    clicks.integratedLufs = -67;
    expect(await planGain(clicks, [])).toBeUndefined();
  });

  it('keeps a margin to the promise, because meters round', () => {
    expect(withinTarget(TARGET.lufs, -1.6)).toBe(true);
    expect(withinTarget(TARGET.lufs, -1.5)).toBe(false);
    expect(withinTarget(-16.8, -3)).toBe(true);
    expect(withinTarget(-16.9, -3)).toBe(false);
    expect(withinTarget(-15.1, -3)).toBe(false);
  });
});
