import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { writeFileAtomic } from '#kit';
import { codec, SessionEpochSchema } from '#protocols';
import { ifMissing } from './files.ts';

const fileCodec = codec('session epoch', Type.Object({ v: Type.Literal(1), last: SessionEpochSchema }), 1);

/**
 * Numbers the connections of this loudspeaker. Each number is durable before it is used, and larger than every one
 * before: max(wall clock, last + 1), so that even a lost file does not lead back.
 */
export class SessionEpoch {
  readonly #path: string;
  #last = 0;

  constructor(folder: string) {
    this.#path = join(folder, 'session-epoch.json');
  }

  /** The number of the connection in use; 0 before the first. */
  get current(): number {
    return this.#last;
  }

  async next(now: number): Promise<number> {
    if (this.#last === 0) this.#last = await this.#stored();
    const next = Math.max(Math.floor(now), this.#last + 1);
    await writeFileAtomic(this.#path, JSON.stringify({ v: 1, last: next }));
    this.#last = next;
    return next;
  }

  async #stored(): Promise<number> {
    const text = await ifMissing(readFile(this.#path), undefined);
    if (text === undefined) return 0;
    try {
      return fileCodec.parse(text).last;
    } catch {
      // The wall clock leads on: a number that is not the largest is refused by nobody for long.
      return 0;
    }
  }
}
