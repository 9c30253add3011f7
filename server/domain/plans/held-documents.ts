import { type HeldScoped, heldHash, type KeyUse, type Scope, scopeKey, scopesOf } from '#protocols';

/** A signed document that every loudspeaker of its scope is to hold: the newest one. */
export interface HeldDocument {
  readonly kind: 'plan' | 'latch';
  readonly scope: Scope;
  readonly revision: number;
  /** SHA-256 of the signed text. */
  readonly hash: string;
  readonly document: string;
}

/** Whoever makes such documents of one kind. */
export interface HeldSource {
  readonly kind: HeldDocument['kind'];
  /** The newest document of a scope; undefined where none was ever issued. */
  current(scope: Scope): HeldDocument | undefined;
  /**
   * A loudspeaker sent one that is newer than ours: if our key signed it, ours is issued again above it. Throws what
   * `verifyDocument` throws.
   */
  overtake(document: string): Promise<void>;
}

/** What lacks between a loudspeaker and us. */
export interface HeldDifference {
  /** Ours that it lacks, or holds in an older form. */
  readonly missing: readonly HeldDocument[];
  /** What it says to hold of a later revision than ours. */
  readonly newer: readonly HeldScoped[];
}

/** Every document that loudspeakers are to hold, whoever makes it: plan heads and latches. */
export class HeldDocuments {
  readonly #sources = new Map<HeldDocument['kind'], HeldSource>();

  register(source: HeldSource): void {
    this.#sources.set(source.kind, source);
  }

  /** What a speaker with this ancestry is to hold. */
  forSpeaker(speakerId: string, ancestry: readonly string[]): HeldDocument[] {
    const scopes = scopesOf(speakerId, ancestry);
    return [...this.#sources.values()].flatMap((source) =>
      scopes.flatMap((scope) => source.current(scope) ?? []),
    );
  }

  /** `heldHash` of what a speaker is to hold. */
  expectedHash(speakerId: string, ancestry: readonly string[]): string {
    return heldHash(this.forSpeaker(speakerId, ancestry));
  }

  /**
   * `expectedHash` for one pass over many speakers, within which nothing changes: those of an area that have nothing of their own share
   * one answer. `ancestry` is to be the same array for all speakers of an area.
   */
  expectedHashes(): (speakerId: string, ancestry: readonly string[]) => string {
    const shared = new Map<readonly string[], string>();
    return (speakerId, ancestry) => {
      const scope: Scope = { kind: 'speaker', id: speakerId };
      for (const source of this.#sources.values())
        if (source.current(scope) !== undefined) return this.expectedHash(speakerId, ancestry);
      const known = shared.get(ancestry) ?? this.expectedHash(speakerId, ancestry);
      shared.set(ancestry, known);
      return known;
    };
  }

  /** What a speaker says that it holds, against ours. */
  difference(speakerId: string, ancestry: readonly string[], held: readonly HeldScoped[]): HeldDifference {
    const keyOf = ({ kind, scope }: Pick<HeldScoped, 'kind' | 'scope'>) => `${kind} ${scopeKey(scope)}`;
    const theirs = new Map(held.map((one) => [keyOf(one), one]));
    const ours = new Map(this.forSpeaker(speakerId, ancestry).map((one) => [keyOf(one), one]));
    const scopes = new Set(scopesOf(speakerId, ancestry).map(scopeKey));
    return {
      missing: [...ours.values()].filter((one) => {
        const other = theirs.get(keyOf(one));
        return other === undefined || (other.hash !== one.hash && other.revision < one.revision);
      }),
      newer: held.filter((one) => {
        const own = ours.get(keyOf(one));
        // What is not for it any more it drops by itself.
        if (!scopes.has(scopeKey(one.scope)) || !this.#sources.has(one.kind)) return false;
        return own === undefined || (own.hash !== one.hash && one.revision >= own.revision);
      }),
    };
  }

  /** Hands a document that a speaker sent to who makes its kind; false when nobody does. */
  async overtake(document: string): Promise<boolean> {
    const use = useOf(document);
    const source = use === 'plan' || use === 'latch' ? this.#sources.get(use) : undefined;
    if (source === undefined) return false;
    await source.overtake(document);
    return true;
  }
}

/** What a signed document says to be of; its signature is proved by who takes it. */
function useOf(document: string): KeyUse | undefined {
  try {
    const header: unknown = JSON.parse(
      Buffer.from(document.split('.')[0] ?? '', 'base64url').toString('utf8'),
    );
    const typ = typeof header === 'object' && header !== null && 'typ' in header ? header.typ : undefined;
    return typeof typ === 'string' && typ.startsWith('loa-') ? (typ.slice(4) as KeyUse) : undefined;
  } catch {
    return undefined;
  }
}
