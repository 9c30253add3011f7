import { type FileHandle, open, readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { codec, IdSchema } from '#protocols';
import { ifMissing } from '../state/files.ts';

/** Two places, written in turn: a write that was cut off leaves the other whole. */
const SLOT_BYTES = 512;

const PositionSchema = Type.Object({
  v: Type.Literal(1),
  n: Type.Integer({ minimum: 1 }),
  orderId: IdSchema,
  play: Type.Integer({ minimum: 1 }),
  /** When this was written, by the time in use. */
  at: Type.Number(),
  plannedAt: Type.Number(),
  /** The first frame has sounded. */
  sounding: Type.Boolean(),
  fromMs: Type.Number({ minimum: 0 }),
  positionMs: Type.Number({ minimum: 0 }),
});
export type StoredPosition = Static<typeof PositionSchema>;
const positionCodec = codec('stored position', PositionSchema, 1);

/**
 * How far the play under way has come: what is known of it after a power cut. Rewritten in place about every second,
 * in room that was taken before.
 */
export class PositionFile {
  readonly #path: string;
  readonly #durable: boolean;
  #file: FileHandle | undefined;
  #n = 0;

  /** `durable` false leaves out the fsync: for simulators, where a power cut takes them all. */
  constructor(options: { readonly path: string; readonly durable: boolean }) {
    this.#path = options.path;
    this.#durable = options.durable;
  }

  /** What was written last, or undefined when there is nothing whole. Takes the room for what will be. */
  async load(): Promise<StoredPosition | undefined> {
    this.#file ??= await openOrMake(this.#path);
    const bytes = await ifMissing(readFile(this.#path), undefined);
    let newest: StoredPosition | undefined;
    for (let at = 0; bytes !== undefined && at < bytes.length; at += SLOT_BYTES) {
      const slot = bytes.subarray(at, at + SLOT_BYTES);
      const end = slot.indexOf(0x0a);
      const position = end === -1 ? undefined : attempt(() => positionCodec.parse(slot.subarray(0, end)));
      if (position !== undefined && position.n > (newest?.n ?? 0)) newest = position;
    }
    this.#n = newest?.n ?? 0;
    return newest;
  }

  async write(position: Omit<StoredPosition, 'v' | 'n'>): Promise<void> {
    this.#file ??= await openOrMake(this.#path);
    const file = this.#file;
    this.#n += 1;
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.write(`${JSON.stringify({ v: 1, n: this.#n, ...position })}\n`);
    await file.write(slot, 0, SLOT_BYTES, (this.#n % 2) * SLOT_BYTES);
    if (this.#durable) await file.datasync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+');
  try {
    // A full disk later on must not stop the notes.
    if ((await file.stat()).size < 2 * SLOT_BYTES) await file.appendFile(Buffer.alloc(2 * SLOT_BYTES));
  } finally {
    await file.close();
  }
  return open(path, 'r+');
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    // A slot that was cut off in mid-write: the other one counts.
    return undefined;
  }
}
