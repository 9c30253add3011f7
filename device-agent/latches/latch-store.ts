import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { writeFileAtomic } from '#kit';
import {
  codec,
  DomainError,
  IdSchema,
  type KeyRing,
  type Latch,
  latchCodec,
  MAX_DOCUMENT_BYTES,
  payloadOf,
  Sha256Schema,
  scopeKey,
  sha256,
  verifyDocument,
} from '#protocols';
import { errorText, type Log } from '../log.ts';
import { ifMissing } from '../state/files.ts';
import type { OwedWrites } from '../state/owed-writes.ts';

/** Released ids that are remembered: decades of stops. */
const RELEASED_KEPT = 1_000;
/** An area's ancestry is at most 16 deep; the rest is room for areas that were ours. */
const MAX_LATCHES = 64;

const fileCodec = codec(
  'latch file',
  Type.Object({
    v: Type.Literal(1),
    documents: Type.Array(Type.String({ maxLength: MAX_DOCUMENT_BYTES }), { maxItems: MAX_LATCHES }),
    released: Type.Array(IdSchema, { maxItems: RELEASED_KEPT }),
    /** Counts the writes; left out by older versions, which had one copy. */
    n: Type.Optional(Type.Integer({ minimum: 1 })),
    /** `sumOf` all else: a file that reads well may still be damaged. */
    sum: Type.Optional(Sha256Schema),
  }),
  1,
);
type LatchFile = Static<typeof fileCodec.schema>;

/** Two copies of the same, written one after the other: no damage to one of them, nor a power cut, loses a latch. */
const COPIES = ['latches.json', 'latches.2.json'] as const;

/** A latch with the exact text that was signed. */
export interface HeldLatch {
  readonly document: string;
  readonly hash: string;
  readonly latch: Latch;
}

/**
 * The newest latch of each scope, and the ids that were ever released, on disk in two copies, of which the newest whole one counts. Memory is
 * right where the disk refuses. Where there is a copy and none is whole, nobody knows what is stopped (`inDoubt`): over restarts, until `settle`.
 */
export class LatchStore {
  readonly #paths: readonly string[];
  readonly #log: Log;
  readonly #owed: OwedWrites;
  readonly #held = new Map<string, HeldLatch>();
  /** In the order of their release. */
  readonly #released = new Set<string>();
  #n = 0;
  #inDoubt = false;

  constructor(options: { readonly folder: string; readonly log: Log; readonly owed: OwedWrites }) {
    this.#paths = COPIES.map((name) => join(options.folder, name));
    this.#owed = options.owed;
    this.#log = options.log;
  }

  /** Reads what is on disk. A latch that was proved when it came holds on after its key was taken out of force: it takes a release to end it. */
  async load(keys: KeyRing): Promise<void> {
    const found: LatchFile[] = [];
    let damaged = false;
    for (const path of this.#paths) {
      try {
        const bytes = await ifMissing(readFile(path), undefined);
        if (bytes !== undefined) found.push(readLatches(bytes));
      } catch (error) {
        this.#log.error('stored latches cannot be read', { path, error });
        damaged = true;
        // It stays where it is as well: it says that there were latches.
        await copyFile(path, `${path}.corrupt`).catch(() => undefined);
      }
    }
    const [newest] = found.sort((a, b) => (b.n ?? 0) - (a.n ?? 0));
    this.#inDoubt = damaged && newest === undefined;
    if (newest === undefined) return;
    this.#n = newest.n ?? 0;
    for (const id of newest.released) this.#released.add(id);
    for (const document of newest.documents) {
      await verifyDocument('latch', document, keys).catch((error) =>
        this.#log.warn('a stored latch is signed with no key that is in force', { reason: errorText(error) }),
      );
      const latch = latchCodec.parse(payloadOf(document));
      this.#held.set(scopeKey(latch.scope), { document, hash: sha256(document), latch });
    }
    if (damaged) await this.save();
  }

  /** What is stopped is not known: what was stored is damaged. */
  get inDoubt(): boolean {
    return this.#inDoubt;
  }

  /** The controller has said what is stopped. */
  async settle(): Promise<void> {
    this.#inDoubt = false;
    await this.save();
  }

  /** The newest of each scope, set or released. */
  all(): HeldLatch[] {
    return [...this.#held.values()];
  }

  of(scope: string): HeldLatch | undefined {
    return this.#held.get(scope);
  }

  wasReleased(latchId: string): boolean {
    return this.#released.has(latchId);
  }

  /** In memory at once: what follows from it need not wait for `save`. Also ends the one that it takes the place of. */
  put(held: HeldLatch): void {
    const key = scopeKey(held.latch.scope);
    const before = this.#held.get(key)?.latch;
    if (before !== undefined && before.id !== held.latch.id) this.#release(before.id);
    if (held.latch.state === 'released') this.#release(held.latch.id);
    this.#held.set(key, held);
  }

  /** Drops what is not for us any more. True: something was dropped. */
  keepOnly(ours: (held: HeldLatch) => boolean): boolean {
    const before = this.#held.size;
    for (const [key, held] of this.#held) if (!ours(held)) this.#held.delete(key);
    return this.#held.size !== before;
  }

  /** Durable when it resolves, unless the disk refuses: then as soon as it takes it. */
  save(): Promise<void> {
    // What is damaged says that something was stopped: it is written over when that is known.
    if (this.#inDoubt) return Promise.resolve();
    return this.#owed.write('latches', async () => {
      const documents = this.all()
        .map(({ document }) => document)
        .slice(-MAX_LATCHES);
      const released = [...this.#released];
      this.#n += 1;
      const file = { v: 1, n: this.#n, documents, released } as const;
      const text = JSON.stringify({ ...file, sum: sumOf(file) });
      for (const path of this.#paths) await writeFileAtomic(path, text);
    });
  }

  #release(id: string): void {
    this.#released.delete(id);
    this.#released.add(id);
    const [oldest] = this.#released;
    if (this.#released.size > RELEASED_KEPT && oldest !== undefined) this.#released.delete(oldest);
  }
}

/** Throws `document.malformed` for what is not whole. */
function readLatches(bytes: Uint8Array): LatchFile {
  const file = fileCodec.parse(bytes);
  if (file.sum !== undefined && file.sum !== sumOf(file))
    throw new DomainError('document.malformed', { document: 'latch file', reason: 'its sum is another' });
  for (const document of file.documents) latchCodec.parse(payloadOf(document));
  return file;
}

function sumOf({ n, documents, released }: Pick<LatchFile, 'n' | 'documents' | 'released'>): string {
  return sha256(JSON.stringify([n, documents, released]));
}
