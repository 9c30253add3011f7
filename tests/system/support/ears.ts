import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readWav } from '../../helpers/pcm.ts';
import { soundingsOf } from '../../torture/soundings.ts';

/** What was heard: the number of a content that says its number, or a sound that says none (a tone, a chime). */
export type Heard = number | 'sound';

/** Listens at a loudspeaker's output: its PCM alone says what sounded, whatever anybody tells. */
export class Ears {
  readonly #folder: string;
  readonly #known = new Set<string>();
  /** What was heard in a recording of so many bytes: reading one takes a while, and it is asked for often. */
  readonly #heard = new Map<string, { readonly bytes: number; readonly found: readonly Heard[] }>();

  constructor(recordings: string) {
    this.#folder = recordings;
  }

  /** Forgets what was there until now. Nothing may sound at this moment. */
  async fresh(): Promise<void> {
    for (const name of await this.#names()) this.#known.add(name);
  }

  /** What sounded since, in order; a recording under way is heard as far as it has come. */
  async heard(): Promise<Heard[]> {
    const found: Heard[] = [];
    for (const name of (await this.#names()).filter((one) => !this.#known.has(one))) {
      const path = join(this.#folder, name);
      const { size: bytes } = await stat(path);
      const before = this.#heard.get(name);
      if (before?.bytes === bytes) {
        found.push(...before.found);
        continue;
      }
      const { samples } = await readWav(path);
      const note = await readFile(`${path}.json`, 'utf8').catch(() => '{"startedAtMs":0}');
      const { startedAtMs } = JSON.parse(note) as { startedAtMs: number };
      const pcm = Int16Array.from(samples, (sample) => Math.round(sample * 32_767));
      const here = soundingsOf(pcm, [[startedAtMs, 0]]).map(({ content }) => content ?? ('sound' as const));
      this.#heard.set(name, { bytes, found: here });
      found.push(...here);
    }
    return found;
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((one) => one.endsWith('.wav')).sort();
  }
}
