import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../helpers/network-delay.ts';
import { RATE } from '../../helpers/pcm.ts';
import { BLOCK_MS, encode, MAX_NUMBER } from '../../torture/sound-code.ts';
import { soundingsOf } from '../../torture/soundings.ts';

/** Silence, then the sound as a loudspeaker would change it, then silence. */
function heard(sound: Int16Array, gain: number, noise = 0): Int16Array {
  const random = seededRandom(5);
  const before = RATE + 1_234;
  const samples = new Int16Array(before + sound.length + RATE);
  const fade = RATE / 5;
  for (const [at, sample] of sound.entries()) {
    const level = gain * Math.min(1, at / fade);
    samples[before + at] = sample * level + noise * (random() - 0.5) * 32_767;
  }
  return samples;
}

describe('the sound that says what it is', () => {
  it('is recognised with its place in time, whatever its gain and fade', () => {
    for (let content = 0; content < MAX_NUMBER; content += 9) {
      const found = soundingsOf(heard(encode(content, 13), 0.3), [[1_000_000, 0]]);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ content, fromMs: 0, toMs: 13 * BLOCK_MS });
      const startedAt = 1_000_000 + 1_000 + 1_234 / (RATE / 1_000);
      expect(Math.abs((found[0]?.startedAt ?? 0) - startedAt)).toBeLessThanOrEqual(BLOCK_MS / 2);
    }
  });

  it('is recognised in noise', () => {
    const found = soundingsOf(heard(encode(11, 12), 0.5, 0.05), [[0, 0]]);
    expect(found.filter(({ content }) => content !== null)).toHaveLength(1);
    expect(found[0]).toMatchObject({ content: 11, fromMs: 0, toMs: 12 * BLOCK_MS });
  });

  it('shows a part as a part, and a second time as a second time', () => {
    const sound = encode(3, 16);
    const middle = sound.subarray((4 * BLOCK_MS * RATE) / 1_000, (12 * BLOCK_MS * RATE) / 1_000);
    const part = soundingsOf(heard(middle, 0.5), [[0, 0]]);
    expect(part).toMatchObject([{ content: 3, fromMs: 4 * BLOCK_MS, toMs: 12 * BLOCK_MS }]);
    const twice = new Int16Array(sound.length * 2);
    twice.set(sound);
    twice.set(sound, sound.length);
    expect(soundingsOf(heard(twice, 0.5), [[0, 0]])).toMatchObject([
      { content: 3, fromMs: 0, toMs: 16 * BLOCK_MS },
      { content: 3, fromMs: 0, toMs: 16 * BLOCK_MS },
    ]);
  });

  it('is not found where there is something else', () => {
    const random = seededRandom(9);
    const noise = Int16Array.from({ length: 4 * RATE }, () => (random() - 0.5) * 20_000);
    expect(soundingsOf(noise, [[0, 0]])).toMatchObject([{ content: null }]);
    expect(soundingsOf(new Int16Array(4 * RATE), [[0, 0]])).toEqual([]);
  });
});
