import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readWav } from '../../helpers/pcm.ts';
import { type Sounding, soundingsOf } from '../../torture/soundings.ts';

/** What was heard: the number of a content that says its number, or a sound that says none (a tone, a chime). */
export type Heard = number | 'sound';

/** A stretch of sound in one recording. */
export type Stretch = Omit<Sounding, 'speaker'>;

/**
 * Puts together what a gap of a busy machine has torn: stretches of one content in one recording that go on where the last one was. What
 * sounds a second time is a stretch of its own: its part of the content was there before.
 */
export function mended(stretches: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const next of stretches) {
    const last = found.at(-1);
    const goesOn =
      last !== undefined &&
      next.content !== null &&
      last.content === next.content &&
      last.recording === next.recording &&
      next.fromMs >= last.toMs;
    if (goesOn) found[found.length - 1] = { ...last, toMs: next.toMs, endedAt: next.endedAt };
    else found.push(next);
  }
  return found;
}

/** Listens at a loudspeaker's output: its PCM alone says what sounded, whatever anybody tells. */
export class Ears {
  readonly #folder: string;
  readonly #known = new Set<string>();
  /** What was heard in a recording of so many bytes: reading one takes a while, and it is asked for often. */
  readonly #heard = new Map<string, { readonly bytes: number; readonly found: readonly Stretch[] }>();

  constructor(recordings: string) {
    this.#folder = recordings;
  }

  /** Forgets what was there until now. Nothing may sound at this moment. */
  async fresh(): Promise<void> {
    for (const name of await this.#names()) this.#known.add(name);
  }

  /** What sounded since, in order; a recording under way is heard as far as it has come. */
  async heard(): Promise<Heard[]> {
    return mended(await this.stretches()).map(({ content }) => content ?? 'sound');
  }

  /** The same as it is in the recordings. */
  async stretches(): Promise<Stretch[]> {
    const found: Stretch[] = [];
    for (const recording of (await this.#names()).filter((one) => !this.#known.has(one))) {
      const path = join(this.#folder, recording);
      const { size: bytes } = await stat(path);
      const before = this.#heard.get(recording);
      if (before?.bytes === bytes) {
        found.push(...before.found);
        continue;
      }
      const { samples } = await readWav(path);
      const note = await readFile(`${path}.json`, 'utf8').catch(() => '{"startedAtMs":0}');
      const { startedAtMs } = JSON.parse(note) as { startedAtMs: number };
      const pcm = Int16Array.from(samples, (sample) => Math.round(sample * 32_767));
      const here = soundingsOf(pcm, [[startedAtMs, 0]]).map((one) => ({ ...one, recording }));
      this.#heard.set(recording, { bytes, found: here });
      found.push(...here);
    }
    return found;
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((one) => one.endsWith('.wav')).sort();
  }
}
