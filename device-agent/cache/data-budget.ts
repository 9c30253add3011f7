import { readFile } from 'node:fs/promises';
import Type from 'typebox';
import { Exclusive, writeFileAtomic } from '#kit';
import { codec } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing } from '../state/files.ts';

const fileCodec = codec(
  'data budget',
  Type.Object({
    v: Type.Literal(1),
    day: Type.String({ maxLength: 16 }),
    bytes: Type.Integer({ minimum: 0 }),
  }),
  1,
);

/** Counted bytes are written down after so many: what a power cut may leave uncounted. */
const SAVE_EVERY_BYTES = 1024 * 1024;

export interface DataBudgetOptions {
  readonly path: string;
  /** Bytes of audio a day as things are; 0: no limit. */
  readonly limitBytes: () => number;
  /** Name of the local day. */
  readonly day: () => string;
  readonly log: Log;
}

/** How much audio was fetched today, for loudspeakers that hang on a SIM with a daily allowance. Kept over restarts. */
export class DataBudget {
  readonly #options: DataBudgetOptions;
  readonly #one = new Exclusive();
  #day = '';
  #bytes = 0;
  #unsaved = 0;

  constructor(options: DataBudgetOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const text = await ifMissing(readFile(this.#options.path), undefined);
    if (text === undefined) return;
    try {
      ({ day: this.#day, bytes: this.#bytes } = fileCodec.parse(text));
    } catch (error) {
      this.#options.log.warn('the bytes counted today cannot be read: counted from zero', { error });
    }
  }

  /** Bytes of a day; infinite without a limit. */
  get limitBytes(): number {
    const limit = this.#options.limitBytes();
    return limit === 0 ? Number.POSITIVE_INFINITY : limit;
  }

  /** Bytes that may still be fetched today. */
  get leftBytes(): number {
    this.#turn();
    return Math.max(0, this.limitBytes - this.#bytes);
  }

  /** Bytes fetched today. */
  get usedBytes(): number {
    this.#turn();
    return this.#bytes;
  }

  /** Counts what has come. */
  count(bytes: number): void {
    this.#turn();
    this.#bytes += bytes;
    this.#unsaved += bytes;
    if (this.#unsaved >= SAVE_EVERY_BYTES) void this.save();
  }

  /** Writes the count down; never rejects. */
  async save(): Promise<void> {
    if (this.#unsaved === 0 || this.limitBytes === Number.POSITIVE_INFINITY) return;
    this.#unsaved = 0;
    const text = JSON.stringify({ v: 1, day: this.#day, bytes: this.#bytes });
    await this.#one
      .run(() => writeFileAtomic(this.#options.path, text))
      .catch((error) => this.#options.log.warn('the bytes counted today could not be stored', { error }));
  }

  #turn(): void {
    const today = this.#options.day();
    if (today === this.#day) return;
    this.#day = today;
    this.#bytes = 0;
  }
}
