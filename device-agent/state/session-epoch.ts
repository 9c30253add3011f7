import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { writeFileAtomic } from '#kit';
import { codec, SessionEpochSchema } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing } from './files.ts';

const fileCodec = codec('session epoch', Type.Object({ v: Type.Literal(1), last: SessionEpochSchema }), 1);

/**
 * Numbers the connections of this loudspeaker. Each number is durable before it is used (unless the disk refuses), and
 * larger than every one before: max(wall clock, last + 1), so that even a lost file does not lead back. A board that replaces another goes on
 * behind that one's last number, which came with its enrolment.
 */
export class SessionEpoch {
  readonly #path: string;
  readonly #log: Log;
  readonly #floor: number;
  #last = 0;

  constructor(options: { readonly folder: string; readonly log: Log; readonly floor?: number | undefined }) {
    this.#path = join(options.folder, 'session-epoch.json');
    this.#log = options.log;
    this.#floor = options.floor ?? 0;
  }

  /** The number of the connection in use; 0 before the first. */
  get current(): number {
    return this.#last;
  }

  async next(now: number): Promise<number> {
    if (this.#last === 0) this.#last = await this.#stored();
    const next = Math.max(Math.floor(now), this.#last + 1, this.#floor + 1);
    this.#last = next;
    await writeFileAtomic(this.#path, JSON.stringify({ v: 1, last: next })).catch((error) => {
      // A full disk must not keep the loudspeaker from its controller; the wall clock leads on.
      this.#log.warn('the number of this connection could not be stored', { error });
    });
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
