import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { Exclusive, Lifecycle, writeFileAtomic } from '#kit';
import type { LatchLog, LatchRecord } from './latch.ts';
import { decodeRecords, encodeRecord } from './latch-record.ts';

/** Written whole at the first start: afterwards it needs no room that a full disk could refuse. */
export const LATCH_FILE_BYTES = 1024 * 1024;
const HALF_BYTES = LATCH_FILE_BYTES / 2;
/** Magic word, generation and hash; one sector, so that a cut leaves the old one or the new one. */
const HEADER_BYTES = 64;
const MAGIC = 'loa-latches/1';

export interface LatchFileOptions {
  readonly path: string;
  /** Told when the file is none of ours any more: it was put aside under this name, and the database's latches are what there is. */
  readonly onDamaged: (keptAs: string) => void;
}

interface Half {
  readonly half: number;
  readonly generation: number;
  readonly records: LatchRecord[];
  readonly end: number;
}

/**
 * Stops and releases on the disk, one after the other in a file of fixed size, each synced in place. Two halves: one is written; when it is full, what
 * still matters goes to the other, whose header comes last.
 */
export class LatchFile extends Lifecycle implements LatchLog {
  readonly #options: LatchFileOptions;
  readonly #turns = new Exclusive();
  #file: FileHandle | undefined;
  #half = 0;
  #generation = 1;
  /** First free byte of the half, from its beginning. */
  #end = HEADER_BYTES;
  #records: LatchRecord[] = [];

  constructor(options: LatchFileOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const newest = (await this.#openExisting()) ?? (await this.#create());
    this.disposers.defer('latch file', async () => {
      await this.#turns.run(async () => undefined);
      await this.#close();
    });
    this.#half = newest.half;
    this.#generation = newest.generation;
    this.#end = newest.end;
    this.#records = newest.records;
  }

  async #openExisting(): Promise<Half | undefined> {
    const { path, onDamaged } = this.#options;
    try {
      this.#file = await open(path, 'r+');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    const newest = await this.#newestHalf();
    if (newest !== undefined) return newest;
    await this.#close();
    await rename(path, `${path}.damaged`);
    onDamaged(`${path}.damaged`);
    return undefined;
  }

  /** Real bytes, not a hole: what is written later lies where room was taken. */
  async #create(): Promise<Half> {
    const { path } = this.#options;
    const bytes = Buffer.alloc(LATCH_FILE_BYTES, 0xa5);
    headerOf(1).copy(bytes);
    await writeFileAtomic(path, bytes, 0o600);
    this.#file = await open(path, 'r+');
    return { half: 0, generation: 1, records: [], end: HEADER_BYTES };
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async read(): Promise<LatchRecord[]> {
    return [...this.#records];
  }

  append(record: LatchRecord, keep: () => readonly LatchRecord[]): Promise<void> {
    return this.#turns.run(async () => {
      const bytes = encodeRecord(record, this.#generation);
      if (this.#end + bytes.length > HALF_BYTES) return this.#turnOver(record, keep());
      await this.#write(bytes, this.#half * HALF_BYTES + this.#end);
      this.#end += bytes.length;
      this.#records.push(record);
    });
  }

  /** Fills the other half with what matters, newest first as far as there is room, and makes it the one that counts. */
  async #turnOver(record: LatchRecord, keep: readonly LatchRecord[]): Promise<void> {
    const generation = this.#generation + 1;
    const half = 1 - this.#half;
    const kept = [record];
    let size = HEADER_BYTES + encodeRecord(record, generation).length;
    for (const one of [...keep].reverse()) {
      size += encodeRecord(one, generation).length;
      // Room to go on: a half that is full again at once would be turned over with every stop.
      if (size > HALF_BYTES / 2) break;
      kept.unshift(one);
    }
    const body = Buffer.concat(kept.map((one) => encodeRecord(one, generation)));
    await this.#write(body, half * HALF_BYTES + HEADER_BYTES);
    await this.#write(headerOf(generation), half * HALF_BYTES);
    this.#half = half;
    this.#generation = generation;
    this.#end = HEADER_BYTES + body.length;
    this.#records = kept;
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    if (this.#file === undefined) throw new Error('the file of stops is not open');
    const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, position);
    if (bytesWritten < bytes.length) throw new Error('the file of stops took only a part');
    await this.#file.datasync();
  }

  async #newestHalf(): Promise<Half | undefined> {
    const halves = await Promise.all([0, 1].map((half) => this.#readHalf(half)));
    return halves.filter((half) => half !== undefined).sort((a, b) => b.generation - a.generation)[0];
  }

  async #readHalf(half: number): Promise<Half | undefined> {
    const bytes = Buffer.alloc(HALF_BYTES);
    await this.#file?.read(bytes, 0, HALF_BYTES, half * HALF_BYTES);
    const generation = generationOf(bytes.subarray(0, HEADER_BYTES));
    if (generation === undefined) return undefined;
    const { records, end } = decodeRecords(bytes.subarray(HEADER_BYTES), generation);
    return { half, generation, records, end: HEADER_BYTES + end };
  }
}

function headerOf(generation: number): Buffer {
  const text = `${MAGIC} ${generation} `;
  const check = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return Buffer.from(`${text}${check}\n`.padEnd(HEADER_BYTES, ' '));
}

function generationOf(header: Buffer): number | undefined {
  const [magic, generation = ''] = header.toString('latin1').split(' ');
  if (magic !== MAGIC || !/^\d{1,15}$/.test(generation)) return undefined;
  return headerOf(Number(generation)).equals(header) ? Number(generation) : undefined;
}
