import { readFile, rename } from 'node:fs/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { writeFileAtomic } from '#kit';

const Limit = Type.Object({ at: Type.Number(), offset: Type.Number() });

/** What survives a restart of the process; after a reboot only `lastSignedAt` still means something. */
export const StoredTime = Type.Object({
  version: Type.Literal(1),
  bootId: Type.String({ minLength: 1, maxLength: 64 }),
  /** Boot time, ms, for which offset and bound are stated. */
  at: Type.Number(),
  /** Controller's time − boot time, ms. */
  offsetToBoot: Type.Number(),
  errorBoundMs: Type.Number({ minimum: 0 }),
  /** Controller's time of the newest signed reply. */
  lastSignedAt: Type.Number(),
  /** A dispute that is not settled. */
  dispute: Type.Union([
    Type.Null(),
    Type.Object({
      reason: Type.Union([Type.Literal('wall-step'), Type.Literal('signed-step'), Type.Literal('reference')]),
      differenceMs: Type.Number(),
    }),
  ]),
  limits: Type.Object({
    lower: Type.Array(Limit, { maxItems: 256 }),
    upper: Type.Array(Limit, { maxItems: 256 }),
  }),
});
export type StoredTime = Type.Static<typeof StoredTime>;

/** Where it is kept. */
export interface TimeStore {
  /** Undefined when there is nothing, or nothing usable. */
  load(): Promise<StoredTime | undefined>;
  save(time: StoredTime): Promise<void>;
}

/** One JSON file, replaced whole. A file that cannot be understood is set aside as `….bad` and told to `onBad`. */
export class FileTimeStore implements TimeStore {
  readonly #path: string;
  readonly #onBad: (path: string, error: unknown) => void;

  constructor(options: { readonly path: string; readonly onBad: (path: string, error: unknown) => void }) {
    this.#path = options.path;
    this.#onBad = options.onBad;
  }

  async load(): Promise<StoredTime | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (!isMissing(error)) this.#onBad(this.#path, error);
      return undefined;
    }
    try {
      return Value.Parse(StoredTime, JSON.parse(text));
    } catch (error) {
      const aside = `${this.#path}.bad`;
      await rename(this.#path, aside);
      this.#onBad(aside, error);
      return undefined;
    }
  }

  async save(time: StoredTime): Promise<void> {
    await writeFileAtomic(this.#path, `${JSON.stringify(time)}\n`);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
