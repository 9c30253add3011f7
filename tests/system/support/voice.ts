import { writeFile } from 'node:fs/promises';
import { seededRandom } from '../../helpers/network-delay.ts';
import { RATE } from '../../helpers/pcm.ts';

/** Syllables a second. */
const SYLLABLES = 4;

/**
 * Writes a WAV file (mono, 48 kHz, 16 bit) that sounds a little like speech: low noise in syllables. Another seed gives
 * a sound that does not correlate with it; `level` 0 is silence.
 */
export async function writeVoice(path: string, seconds: number, seed: number, level = 1): Promise<void> {
  const random = seededRandom(seed);
  const frames = Math.round(seconds * RATE);
  const bytes = Buffer.alloc(44 + frames * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + frames * 2, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * 2, 28);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(frames * 2, 40);
  let [low, high] = [0, 0];
  for (let frame = 0; frame < frames; frame++) {
    // Between about 150 and 2,000 Hz, where a horn is loud.
    const noise = random() * 2 - 1;
    low += 0.25 * (noise - low);
    high += 0.02 * (low - high);
    const syllable = 0.15 + 0.85 * Math.sin((Math.PI * frame * SYLLABLES) / RATE) ** 2;
    bytes.writeInt16LE(Math.round(Math.tanh((low - high) * syllable * 1.5) * 16_000 * level), 44 + frame * 2);
  }
  await writeFile(path, bytes);
}
