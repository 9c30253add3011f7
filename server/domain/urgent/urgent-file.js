import { createHash } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { Exclusive, Lifecycle, writeFileAtomic } from '#kit';
import { decodeEntries, encodeEntry } from './urgent-entry.ts';

/** Magic word, generation and hash; one sector, so that a cut leaves the old one or the new one. */
const HEADER_BYTES = 64;
/**
 * What must be durable at once whatever the database does, one entry after the other in a file of fixed size, each synced in place. Two halves: one is
 * written; when it is full, what still matters goes to the other, whose header comes last. An entry is what JSON can say.
 */
export class UrgentFile extends Lifecycle {
  #options;
  #halfBytes;
  #turns = new Exclusive();
  #file;
  #half = 0;
  #generation = 1;
  /** First free byte of the half, from its beginning. */
  #end = HEADER_BYTES;
  #entries = [];
  constructor(options) {
    super();
    this.#options = options;
    this.#halfBytes = options.bytes / 2;
  }
  async onStart() {
    const newest = (await this.#openExisting()) ?? (await this.#create());
    this.disposers.defer(this.#options.magic, async () => {
      await this.#turns.run(async () => undefined);
      await this.#close();
    });
    this.#half = newest.half;
    this.#generation = newest.generation;
    this.#end = newest.end;
    this.#entries = newest.entries;
  }
  /** Every entry that is whole, oldest first. */
  async read() {
    return [...this.#entries];
  }
  /**
   * Durable when it resolves. When there is no room left, all but `keep` makes place. Rejects when the disk fails, or when what is to be kept leaves
   * no room and the file refuses: then nothing of it is there.
   */
  append(entry, keep) {
    return this.#turns.run(async () => {
      const bytes = this.#encode(entry, this.#generation);
      if (this.#end + bytes.length > this.#halfBytes) return this.#turnOver(entry, keep());
      await this.#write(bytes, this.#half * this.#halfBytes + this.#end);
      this.#end += bytes.length;
      this.#entries.push(entry);
    });
  }
  async #openExisting() {
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
  async #create() {
    const { path, bytes: size } = this.#options;
    const bytes = Buffer.alloc(size, 0xa5);
    this.#header(1).copy(bytes);
    await writeFileAtomic(path, bytes, 0o600);
    this.#file = await open(path, 'r+');
    return { half: 0, generation: 1, entries: [], end: HEADER_BYTES };
  }
  async #close() {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
  /** Fills the other half with what matters, newest first as far as there is room, and makes it the one that counts. */
  async #turnOver(entry, keep) {
    const { path, overflow } = this.#options;
    const generation = this.#generation + 1;
    const half = 1 - this.#half;
    // Where the oldest is forgotten, room to go on: a half that is full again at once would be turned over with every entry.
    const room = overflow === 'forget' ? this.#halfBytes / 2 : this.#halfBytes;
    const kept = [entry];
    let size = HEADER_BYTES + this.#encode(entry, generation).length;
    for (const one of [...keep].reverse()) {
      size += this.#encode(one, generation).length;
      if (size > room && overflow === 'forget') break;
      kept.unshift(one);
    }
    if (overflow === 'refuse' && size > room)
      throw new Error(`"${path}" is full of what the database has not taken yet`);
    const body = Buffer.concat(kept.map((one) => this.#encode(one, generation)));
    await this.#write(body, half * this.#halfBytes + HEADER_BYTES);
    await this.#write(this.#header(generation), half * this.#halfBytes);
    this.#half = half;
    this.#generation = generation;
    this.#end = HEADER_BYTES + body.length;
    this.#entries = kept;
  }
  async #write(bytes, position) {
    const { path } = this.#options;
    if (this.#file === undefined) throw new Error(`"${path}" is not open`);
    const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, position);
    if (bytesWritten < bytes.length) throw new Error(`"${path}" took only a part`);
    await this.#file.datasync();
  }
  async #newestHalf() {
    const halves = await Promise.all([0, 1].map((half) => this.#readHalf(half)));
    return halves.filter((half) => half !== undefined).sort((a, b) => b.generation - a.generation)[0];
  }
  async #readHalf(half) {
    const bytes = Buffer.alloc(this.#halfBytes);
    await this.#file?.read(bytes, 0, this.#halfBytes, half * this.#halfBytes);
    const generation = this.#generationOf(bytes.subarray(0, HEADER_BYTES));
    if (generation === undefined) return undefined;
    const { magic } = this.#options;
    const { entries, end } = decodeEntries(bytes.subarray(HEADER_BYTES), generation, magic);
    return { half, generation, entries, end: HEADER_BYTES + end };
  }
  #encode(entry, generation) {
    return encodeEntry(entry, generation, this.#options.magic);
  }
  #header(generation) {
    const text = `${this.#options.magic} ${generation} `;
    const check = createHash('sha256').update(text).digest('hex').slice(0, 16);
    return Buffer.from(`${text}${check}\n`.padEnd(HEADER_BYTES, ' '));
  }
  #generationOf(header) {
    const [magic, generation = ''] = header.toString('latin1').split(' ');
    if (magic !== this.#options.magic || !/^\d{1,15}$/.test(generation)) return undefined;
    return this.#header(Number(generation)).equals(header) ? Number(generation) : undefined;
  }
}
//# sourceMappingURL=urgent-file.js.map
