import { type PlanHead, payloadOf, planHeadCodec, type Scope, scopeKey } from '#protocols';
import type { Stores } from '../unit-of-work.ts';
import type { HeldDocument } from './held-documents.ts';
import type { StoredHead } from './plan.ts';

/** A plan head that is in force, as signed and as read. */
export interface KnownHead {
  readonly stored: StoredHead;
  readonly head: PlanHead;
}

/** The newest plan head of every scope in memory. */
export class HeadBook {
  readonly #heads = new Map<string, KnownHead>();

  async load(read: Pick<Stores, 'plans'>): Promise<void> {
    this.#heads.clear();
    this.put(await read.plans.heads());
  }

  /** Takes in heads after their commit. */
  put(heads: Iterable<StoredHead>): void {
    for (const stored of heads) this.#heads.set(stored.scope, { stored, head: headOf(stored.document) });
  }

  get(scope: Scope): KnownHead | undefined {
    return this.#heads.get(scopeKey(scope));
  }

  all(): IterableIterator<KnownHead> {
    return this.#heads.values();
  }

  get size(): number {
    return this.#heads.size;
  }

  held(scope: Scope): HeldDocument | undefined {
    const known = this.get(scope);
    if (known === undefined) return undefined;
    const { revision, hash, document } = known.stored;
    return { kind: 'plan', scope, revision, hash, document };
  }

  /** The scopes whose heads in force name an area-day document. */
  naming(sha256: string): Scope[] {
    return [...this.#heads.values()].flatMap(({ head }) =>
      head.documents.some((one) => one.sha256 === sha256) ? [head.scope] : [],
    );
  }

  /** Hashes of every area-day document that a head in force names. */
  named(): Set<string> {
    const hashes = new Set<string>();
    for (const { head } of this.#heads.values()) for (const { sha256 } of head.documents) hashes.add(sha256);
    return hashes;
  }
}

/** The payload of a head of our own making: its signature is not proved again. */
function headOf(document: string): PlanHead {
  return planHeadCodec.parse(payloadOf(document));
}
