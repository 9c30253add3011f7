import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { writeFileAtomic } from '#kit';
import { codec, KeyIdSchema, MAX_DOCUMENT_BYTES, RevisionSchema } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing, quarantine } from '../state/files.ts';

const FileSchema = Type.Object({
  v: Type.Literal(1),
  /** Highest number that was taken of each root. */
  numbers: Type.Record(KeyIdSchema, RevisionSchema),
  /** The move that is under way, as the exact text. */
  pending: Type.Union([Type.String({ maxLength: MAX_DOCUMENT_BYTES }), Type.Null()]),
});
type Content = Omit<Static<typeof FileSchema>, 'v'>;
const fileCodec = codec('rehome file', FileSchema, 1);

/** Which moves were taken, and the one that is under way. It outlives a move, so that an old document does nothing at a later home either. */
export class RehomeStore {
  readonly #path: string;
  readonly #log: Log;
  #content: Content = { numbers: {}, pending: null };

  constructor(options: { readonly folder: string; readonly log: Log }) {
    this.#path = join(options.folder, 'rehome.json');
    this.#log = options.log;
  }

  get pending(): string | null {
    return this.#content.pending;
  }

  /** The highest number that was taken of a root; 0: none. */
  lastOf(kid: string): number {
    return this.#content.numbers[kid] ?? 0;
  }

  async load(now: number): Promise<void> {
    const bytes = await ifMissing(readFile(this.#path), undefined);
    if (bytes === undefined) return;
    try {
      this.#content = fileCodec.parse(bytes);
    } catch (error) {
      this.#log.warn('the file of moves cannot be used and is put aside', { error });
      await quarantine(this.#path, now);
    }
  }

  /** Takes a number of a root, and what is under way from now on. Rejects, and nothing is taken, where the disk refuses. */
  async take(kid: string, n: number, pending: string | null): Promise<void> {
    await this.#write({ numbers: { ...this.#content.numbers, [kid]: n }, pending });
  }

  /** What was under way is over. */
  async drop(): Promise<void> {
    await this.#write({ ...this.#content, pending: null });
  }

  async #write(content: Content): Promise<void> {
    await writeFileAtomic(this.#path, JSON.stringify({ v: 1, ...content }), 0o600);
    this.#content = content;
  }
}
