import { readFile, rename } from 'node:fs/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { writeFileAtomic } from '#kit';

const Limit = Type.Object({ at: Type.Number(), offset: Type.Number() });

/** What was learnt of the controller's time; means something in the same boot only. */
const StoredEstimate = Type.Object({
  /** Controller's time − boot time, ms. */
  offsetToBoot: Type.Number(),
  errorBoundMs: Type.Number({ minimum: 0 }),
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
export type StoredEstimate = Type.Static<typeof StoredEstimate>;

const Boot = Type.Object({
  bootId: Type.String({ minLength: 1, maxLength: 64 }),
  /** Boot time, ms, for which everything here is stated. */
  at: Type.Number(),
});

/** What survives a restart of the process; after a reboot only `notBefore` and `lastSignedAt` still mean something. */
export const StoredTime = Type.Object({
  version: Type.Literal(2),
  ...Boot.properties,
  /** The true time was not before this. */
  notBefore: Type.Number(),
  /** Controller's time of the newest signed reply. */
  lastSignedAt: Type.Union([Type.Null(), Type.Number()]),
  /** Null: nothing was learnt in that boot. */
  estimate: Type.Union([Type.Null(), StoredEstimate]),
});
export type StoredTime = Type.Static<typeof StoredTime>;

/** As earlier agents have written it. */
const FirstStoredTime = Type.Object({
  version: Type.Literal(1),
  ...Boot.properties,
  ...StoredEstimate.properties,
  lastSignedAt: Type.Number(),
});

function readStored(value: unknown): StoredTime {
  if (!Value.Check(FirstStoredTime, value)) return Value.Parse(StoredTime, value);
  const { bootId, at, lastSignedAt, offsetToBoot, errorBoundMs, dispute, limits } = value;
  const estimate = { offsetToBoot, errorBoundMs, dispute, limits };
  return { version: 2, bootId, at, notBefore: lastSignedAt, lastSignedAt, estimate };
}

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
      return readStored(JSON.parse(text));
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
