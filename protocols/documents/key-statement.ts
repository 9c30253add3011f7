import type { KeyObject } from 'node:crypto';
import { DomainError } from '../errors/index.ts';
import { type KeyLookup, type KeyUse, ROOT_USES, signDocument, verifyDocument } from './jws.ts';
import { type KeyStatement, keyStatementCodec } from './key-statement-schema.ts';
import { keyId, type SigningKey, verifyingKey } from './keys.ts';

/** Signs a statement with a root key. */
export function signKeyStatement(statement: KeyStatement, root: SigningKey): Promise<string> {
  return signDocument('key-statement', statement, root);
}

/** The keys in force after a chain of statements. Immutable: `extend` gives a new ring. */
export class KeyRing implements KeyLookup {
  readonly #roots: ReadonlyMap<string, KeyObject>;
  readonly #keys: ReadonlyMap<string, { readonly key: KeyObject; readonly uses: ReadonlySet<string> }>;
  /** Number of the newest statement; 0 when only the pinned roots are known. */
  readonly n: number;
  readonly #hash: string | null;

  private constructor(roots: readonly string[], statement: KeyStatement | null, hash: string | null) {
    this.#roots = new Map(roots.map((publicKey) => [keyId(publicKey), verifyingKey(publicKey)]));
    this.#keys = new Map(
      (statement?.keys ?? [])
        .filter(({ kid, publicKey }) => keyId(publicKey) === kid)
        .map(({ kid, publicKey, uses }) => [kid, { key: verifyingKey(publicKey), uses: new Set(uses) }]),
    );
    this.n = statement?.n ?? 0;
    this.#hash = hash;
  }

  /** A ring that knows nothing but the root keys pinned at enrolment (raw, base64url). */
  static pinned(roots: readonly string[]): KeyRing {
    return new KeyRing(roots, null, null);
  }

  find(kid: string, use: KeyUse): KeyObject | undefined {
    if ((ROOT_USES as readonly KeyUse[]).includes(use)) return this.#roots.get(kid);
    const entry = this.#keys.get(kid);
    return entry?.uses.has(use) ? entry.key : undefined;
  }

  /**
   * The ring after one more statement. A ring that knows nothing but pinned roots begins with any statement that one of them signed: a loudspeaker that is enrolled after
   * the root was replaced has never seen the earlier ones. Throws what `verifyDocument` throws, and `document.stale_revision` when its number is not
   * the next or it does not follow from the statement held.
   */
  async extend(compact: string): Promise<KeyRing> {
    const verified = await verifyDocument('key-statement', compact, this);
    const statement = keyStatementCodec.parse(verified.payload);
    const follows = statement.n === this.n + 1 && statement.previous === this.#hash;
    if (this.n > 0 && !follows)
      throw new DomainError('document.stale_revision', {
        document: 'key statement',
        revision: statement.n,
        held: this.n,
      });
    return new KeyRing(statement.roots, statement, verified.hash);
  }
}
