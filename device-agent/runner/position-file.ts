import { type FileHandle, open, readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { codec, IdSchema } from '#protocols';
import { ifMissing } from '../state/files.ts';

const SLOT_BYTES = 512;
/** Two slots for each thing that may sound at once, written in turn: a write that was cut off leaves the other whole. */
const PLACES = 2;
const SLOTS = 2 * PLACES;

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
  /** The slot of each place that was written last. */
  readonly #turns: number[] = [];

  /** `durable` false leaves out the fsync: for simulators, where a power cut takes them all. */
  constructor(options: { readonly path: string; readonly durable: boolean }) {
    this.#path = options.path;
    this.#durable = options.durable;
  }

  /** What was written last, or undefined when there is nothing whole. Takes the room for what will be. */
  async load(): Promise<StoredPosition | undefined> {
    return (await this.loadAll())[0];
  }

  /** The same of everything that may have sounded at once, the newest first. */
  async loadAll(): Promise<StoredPosition[]> {
    this.#file ??= await openOrMake(this.#path);
    const bytes = await ifMissing(readFile(this.#path), undefined);
    const newest: StoredPosition[] = [];
    for (let place = 0; bytes !== undefined && place < PLACES; place++) {
      const [first, second] = [0, 1].map((slot) => positionIn(bytes, (2 * place + slot) * SLOT_BYTES));
      const last = (second?.n ?? 0) > (first?.n ?? 0) ? 1 : 0;
      this.#turns[place] = last;
      newest.push(...[last === 1 ? second : first].filter((position) => position !== undefined));
    }
    newest.sort((a, b) => b.n - a.n);
    this.#n = newest[0]?.n ?? 0;
    return newest;
  }

  /** `place` 1 is what is spoken over what sounds. */
  async write(position: Omit<StoredPosition, 'v' | 'n'>, place = 0): Promise<void> {
    this.#file ??= await openOrMake(this.#path);
    const file = this.#file;
    this.#n += 1;
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.write(`${JSON.stringify({ v: 1, n: this.#n, ...position })}\n`);
    const turn = 1 - (this.#turns[place] ?? 1);
    this.#turns[place] = turn;
    await file.write(slot, 0, SLOT_BYTES, (2 * place + turn) * SLOT_BYTES);
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
    const { size } = await file.stat();
    if (size < SLOTS * SLOT_BYTES) await file.appendFile(Buffer.alloc(SLOTS * SLOT_BYTES - size));
  } finally {
    await file.close();
  }
  return open(path, 'r+');
}

function positionIn(bytes: Buffer, at: number): StoredPosition | undefined {
  const slot = bytes.subarray(at, at + SLOT_BYTES);
  const end = slot.indexOf(0x0a);
  return end === -1 ? undefined : attempt(() => positionCodec.parse(slot.subarray(0, end)));
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    // A slot that was cut off in mid-write: the other one counts.
    return undefined;
  }
}
