import { SAMPLE_RATE } from '../outputs/output.ts';
import { integratedLufs } from './loudness.ts';

/** What everything that the controller prepares is at, too. */
const TARGET_LUFS = -16;
const FULL_SCALE = 32_767;

/** One note. Times in seconds from the beginning of the sound. */
export interface Note {
  readonly atS: number;
  readonly lengthS: number;
  readonly hz: number;
  /** Loudest at its beginning and down to 1/e after so many seconds; steady without one. */
  readonly decayS?: number;
}

const FADE_S = 0.01;

/** Sound from notes, −16 LUFS, the same samples each time. A horn carries a note better for a few overtones: each has three. */
export function soundOf(lengthS: number, notes: readonly Note[]): Int16Array {
  const sound = new Float64Array(Math.round(lengthS * SAMPLE_RATE));
  for (const note of notes) add(sound, note);
  const gain = 10 ** ((TARGET_LUFS - integratedLufs(sound)) / 20);
  return Int16Array.from(sound, (sample) => Math.round(sample * gain * FULL_SCALE));
}

function add(sound: Float64Array, { atS, lengthS, hz, decayS }: Note): void {
  const first = Math.round(atS * SAMPLE_RATE);
  const length = Math.min(Math.round(lengthS * SAMPLE_RATE), sound.length - first);
  for (let index = 0; index < length; index++) {
    const s = index / SAMPLE_RATE;
    const edge = Math.min(1, s / FADE_S, (length / SAMPLE_RATE - s) / FADE_S);
    const envelope = edge * (decayS === undefined ? 1 : Math.exp(-s / decayS));
    const phase = 2 * Math.PI * hz * s;
    const wave = Math.sin(phase) + 0.2 * Math.sin(2 * phase) + 0.1 * Math.sin(3 * phase);
    sound[first + index] = (sound[first + index] ?? 0) + envelope * wave;
  }
}

/** Two tones in turn for six seconds (EN 50849 asks for 4 to 10 s before the first words of an emergency). */
export function attentionTone(): Int16Array {
  const notes = Array.from({ length: 12 }, (_, index) => ({
    ...{ atS: index * 0.5, lengthS: 0.5 },
    hz: index % 2 === 0 ? 950 : 760,
  }));
  return soundOf(6, notes);
}

/** Three notes downward that ring out: somebody is about to speak. */
export function chime(): Int16Array {
  const notes = [784, 659.3, 523.3].map((hz, index) => ({
    ...{ atS: index * 0.55, hz, decayS: 0.45 },
    lengthS: 2.5 - index * 0.55,
  }));
  return soundOf(2.5, notes);
}

/** 1 kHz for five seconds, for a technician. */
export function testTone(): Int16Array {
  return soundOf(5, [{ atS: 0, lengthS: 5, hz: 1_000 }]);
}
