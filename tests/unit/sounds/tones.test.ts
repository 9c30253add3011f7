import { describe, expect, it } from 'vitest';
import { BUILT_IN_DURATIONS_MS, BUILT_IN_SOUNDS, sha256 } from '#protocols';
import { SilentDecoder } from '../../../device-agent/playback/index.ts';
import { builtInSound, isBuiltIn, makeBuiltInSounds } from '../../../device-agent/sounds/built-in-sounds.ts';
import { integratedLufs } from '../../../device-agent/sounds/loudness.ts';
import { attentionTone, chime, testTone } from '../../../device-agent/sounds/tones.ts';

const floats = (samples: Int16Array) => Float64Array.from(samples, (sample) => sample / 32_768);

/** Peak between samples, four times oversampled with a windowed sinc, dBTP. */
function truePeakDb(samples: Int16Array): number {
  let peak = 0;
  for (let at = 0; at < samples.length; at++) {
    // Only near the top can the curve between two samples go higher.
    if (Math.abs(samples[at] ?? 0) < 0.5 * 32_768 * 10 ** (-6 / 20) && peak > 0) continue;
    for (const part of [0, 0.25, 0.5, 0.75]) peak = Math.max(peak, Math.abs(between(samples, at, part)));
  }
  return 20 * Math.log10(peak / 32_768);
}

function between(samples: Int16Array, at: number, part: number): number {
  if (part === 0) return samples[at] ?? 0;
  let sum = 0;
  for (let tap = -15; tap <= 16; tap++) {
    const distance = part - tap;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / 17);
    sum += (samples[at + tap] ?? 0) * window * (Math.sin(Math.PI * distance) / (Math.PI * distance));
  }
  return sum;
}

describe('loudness', () => {
  it('measures a sine of 997 Hz at −20 dBFS as −23 LUFS (EBU Tech 3341)', () => {
    const sine = Float64Array.from(
      { length: 96_000 },
      (_, at) => 0.1 * Math.sin((2 * Math.PI * 997 * at) / 48_000),
    );
    expect(integratedLufs(sine)).toBeCloseTo(-23.01, 1);
  });
});

describe('tones', () => {
  for (const [name, make] of Object.entries({ attentionTone, chime, testTone })) {
    it(`${name} is at −16 LUFS, its peaks below −1.5 dBTP, the same each time`, () => {
      const samples = make();
      expect(integratedLufs(floats(samples))).toBeCloseTo(-16, 0);
      expect(truePeakDb(samples)).toBeLessThan(-1.5);
      expect(sha256(new Uint8Array(samples.buffer))).toBe(sha256(new Uint8Array(make().buffer)));
      // It begins and ends without a click.
      expect(Math.abs(samples[0] ?? 1)).toBeLessThan(50);
      expect(Math.abs(samples.at(-1) ?? 1)).toBeLessThan(50);
    });
  }

  it('are as long as plans reckon with; the notice is silence where nothing can be decoded', async () => {
    await makeBuiltInSounds(new SilentDecoder());
    for (const name of BUILT_IN_SOUNDS)
      expect(builtInSound(name)?.length).toBe(BUILT_IN_DURATIONS_MS[name] * 48);
    expect(isBuiltIn('toString')).toBe(false);
  });
});
