import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { writeFileAtomic } from '#kit';
import {
  codec,
  IdSchema,
  type KeyRing,
  type Latch,
  latchCodec,
  MAX_DOCUMENT_BYTES,
  scopeKey,
  sha256,
  verifyDocument,
} from '#protocols';
import { payloadOf } from '../inbox/payload.ts';
import { errorText, type Log } from '../log.ts';
import { ifMissing, quarantine } from '../state/files.ts';
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
  }),
  1,
);

/** A latch with the exact text that was signed. */
export interface HeldLatch {
  readonly document: string;
  readonly hash: string;
  readonly latch: Latch;
}

/** The newest latch of each scope, and the ids that were ever released, on disk as one file. Memory is right where the disk refuses. */
export class LatchStore {
  readonly #path: string;
  readonly #log: Log;
  readonly #owed: OwedWrites;
  readonly #held = new Map<string, HeldLatch>();
  /** In the order of their release. */
  readonly #released = new Set<string>();

  constructor(options: { readonly folder: string; readonly log: Log; readonly owed: OwedWrites }) {
    this.#path = join(options.folder, 'latches.json');
    this.#owed = options.owed;
    this.#log = options.log;
  }

  /** Reads what is on disk. A latch that was proved when it came holds on after its key was taken out of force: it takes a release to end it. */
  async load(keys: KeyRing, now: number): Promise<void> {
    const bytes = await ifMissing(readFile(this.#path), undefined);
    if (bytes === undefined) return;
    try {
      const { documents, released } = fileCodec.parse(bytes);
      for (const id of released) this.#released.add(id);
      for (const document of documents) {
        await verifyDocument('latch', document, keys).catch((error) =>
          this.#log.warn('a stored latch is signed with no key that is in force', {
            reason: errorText(error),
          }),
        );
        const latch = latchCodec.parse(payloadOf(document));
        this.#held.set(scopeKey(latch.scope), { document, hash: sha256(document), latch });
      }
    } catch (error) {
      this.#log.error('the stored latches cannot be read and are put aside', { error });
      await quarantine(this.#path, now);
    }
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
    return this.#owed.write('latches', async () => {
      const documents = this.all()
        .map(({ document }) => document)
        .slice(-MAX_LATCHES);
      const released = [...this.#released];
      await writeFileAtomic(this.#path, JSON.stringify({ v: 1, documents, released }));
    });
  }

  #release(id: string): void {
    this.#released.delete(id);
    this.#released.add(id);
    const [oldest] = this.#released;
    if (this.#released.size > RELEASED_KEPT && oldest !== undefined) this.#released.delete(oldest);
  }
}
