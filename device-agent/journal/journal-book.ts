import { readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Exclusive, writeFileAtomic } from '#kit';
import { codec, IdSchema } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing, quarantine } from '../state/files.ts';

const BookSchema = Type.Object({
  v: Type.Literal(1),
  /** Whose acknowledgements these are; left out: of the controller where it was enrolled. */
  home: Type.Optional(IdSchema),
  epochs: Type.Record(
    IdSchema,
    Type.Object({ ackedSeq: Type.Integer({ minimum: 0 }), closed: Type.Boolean() }),
  ),
});
type Book = Static<typeof BookSchema>;
const bookCodec = codec('journal book', BookSchema, 1);

const NEW_EPOCH = { ackedSeq: 0, closed: false };

/** What is known of each epoch beside its lines: how far the controller has it, and whether it is closed. */
export class JournalBook {
  readonly #path: string;
  readonly #log: Log;
  readonly #home: string | undefined;
  readonly #writes = new Exclusive();
  #epochs: Book['epochs'] = {};

  /** `home`: of which controller the acknowledgements are to be; undefined: of the one where it was enrolled. */
  constructor(path: string, log: Log, home?: string) {
    this.#path = path;
    this.#log = log;
    this.#home = home;
  }

  /** A book that cannot be read costs nothing but sending again what the controller already has. */
  async load(now: number): Promise<void> {
    const bytes = await ifMissing(readFile(this.#path), undefined);
    if (bytes === undefined) return;
    try {
      const { home, epochs } = bookCodec.parse(bytes);
      // Another controller has nothing of it yet: it gets all that is still here.
      const same = home === this.#home;
      const entries = Object.entries(epochs);
      this.#epochs = Object.fromEntries(
        entries.map(([epoch, one]) => [epoch, same ? one : { ...one, ackedSeq: 0 }]),
      );
    } catch (error) {
      this.#log.warn('the journal’s book cannot be read and is put aside', { error });
      await quarantine(this.#path, now);
    }
  }

  ackedSeq(epoch: string): number {
    return this.#epochs[epoch]?.ackedSeq ?? 0;
  }

  isClosed(epoch: string): boolean {
    return this.#epochs[epoch]?.closed ?? false;
  }

  /** False when that much was acknowledged before. */
  async acknowledge(epoch: string, seq: number): Promise<boolean> {
    if (seq <= this.ackedSeq(epoch)) return false;
    await this.#change(epoch, { ackedSeq: seq });
    return true;
  }

  close(epoch: string): Promise<void> {
    return this.isClosed(epoch) ? Promise.resolve() : this.#change(epoch, { closed: true });
  }

  async forget(epoch: string): Promise<void> {
    const { [epoch]: _gone, ...rest } = this.#epochs;
    this.#epochs = rest;
    await this.#save();
  }

  async #change(epoch: string, change: Partial<typeof NEW_EPOCH>): Promise<void> {
    this.#epochs = { ...this.#epochs, [epoch]: { ...NEW_EPOCH, ...this.#epochs[epoch], ...change } };
    await this.#save();
  }

  #save(): Promise<void> {
    return this.#writes.run(() =>
      writeFileAtomic(this.#path, JSON.stringify({ v: 1, home: this.#home, epochs: this.#epochs })),
    );
  }
}
