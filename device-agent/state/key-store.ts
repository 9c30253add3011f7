import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { writeFileAtomic } from '#kit';
import { codec, DomainError, isDomainError, KeyRing, type StatementMark, sha256 } from '#protocols';
import { errorText, type Log } from '../log.ts';
import { ifMissing, quarantine } from './files.ts';

const fileCodec = codec(
  'key statement file',
  Type.Object({ v: Type.Literal(1), statements: Type.Array(Type.String({ maxLength: 65_536 })) }),
  1,
);

export interface KeyStoreOptions {
  readonly folder: string;
  readonly rootKeys: readonly string[];
  /** The newest statement at the enrolment: a chain that ends before it, or has another in its place, is not believed. */
  readonly statement?: StatementMark | undefined;
  readonly log: Log;
}

/** The chain of key statements, kept for ever as the exact texts, and the ring that follows from it. */
export class KeyStore {
  readonly #path: string;
  readonly #log: Log;
  readonly #mark: StatementMark | undefined;
  #statements: readonly string[] = [];
  #ring: KeyRing;

  constructor(options: KeyStoreOptions) {
    this.#path = join(options.folder, 'key-statements.json');
    this.#log = options.log;
    this.#mark = options.statement;
    this.#ring = KeyRing.pinned(options.rootKeys);
  }

  /** The keys in force. */
  get ring(): KeyRing {
    return this.#ring;
  }

  /** Reads and proves what is on disk. What cannot be proved is put aside: the controller serves the chain again. */
  async load(now: number): Promise<void> {
    const bytes = await ifMissing(readFile(this.#path), undefined);
    if (bytes === undefined) return;
    try {
      let ring = this.#ring;
      const { statements } = fileCodec.parse(bytes);
      for (const statement of statements) ring = await this.#follow(ring, statement);
      if (this.#isOld(ring)) {
        this.#log.info('the stored key statements are of before the enrolment: they are asked for again');
        return;
      }
      this.#ring = ring;
      this.#statements = statements;
    } catch (error) {
      this.#log.warn('the stored key statements cannot be used and are put aside', { error });
      await quarantine(this.#path, now);
    }
  }

  /**
   * Extends the ring by statements that the controller served, as far as they prove themselves. Durable unless the disk
   * refuses; a rotation holds at once in any case. Returns how many were taken.
   */
  async extend(served: readonly string[]): Promise<number> {
    let ring = this.#ring;
    const taken: string[] = [];
    for (const statement of served) {
      try {
        ring = await this.#follow(ring, statement);
      } catch (error) {
        // Of before the roots that were pinned: signed by another one.
        if (ring.n === 0 && isDomainError(error, 'document.unsigned')) continue;
        this.#log.warn('a key statement was refused', { reason: errorText(error) });
        break;
      }
      taken.push(statement);
    }
    if (taken.length === 0) return 0;
    if (this.#isOld(ring)) {
      this.#log.warn('key statements were refused: newer ones were there at the enrolment', { n: ring.n });
      return 0;
    }
    const statements = [...this.#statements, ...taken];
    this.#statements = statements;
    this.#ring = ring;
    await writeFileAtomic(this.#path, JSON.stringify({ v: 1, statements })).catch((error) =>
      this.#log.error('key statements could not be stored: they are asked for again', { error }),
    );
    return taken.length;
  }

  async #follow(ring: KeyRing, statement: string): Promise<KeyRing> {
    const next = await ring.extend(statement);
    if (next.n === this.#mark?.n && sha256(statement) !== this.#mark.sha256)
      throw new DomainError('document.stale_revision', {
        ...{ document: 'key statement', revision: next.n, held: next.n },
      });
    return next;
  }

  #isOld({ n }: KeyRing): boolean {
    return this.#mark !== undefined && n < this.#mark.n;
  }
}
