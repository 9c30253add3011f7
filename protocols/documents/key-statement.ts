import type { KeyObject } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { DomainError } from '../errors/index.ts';
import { codec, InstantSchema, KeyIdSchema, PublicKeySchema, Sha256Schema } from '../schema.ts';
import { type KeyLookup, type KeyUse, signDocument, verifyDocument } from './jws.ts';
import { keyId, type SigningKey, verifyingKey } from './keys.ts';

const KeyUseSchema = Type.Union([
  Type.Literal('order'),
  Type.Literal('assignment'),
  Type.Literal('plan'),
  Type.Literal('latch'),
  Type.Literal('time'),
]);

/**
 * What a root key says of the keys in force. Statements are numbered from 1 and chained; number n + 1 is signed by
 * a root that was in force at n, and may name new and spare roots. The newest replaces all before it.
 */
export const KeyStatementSchema = Type.Object({
  v: Type.Literal(1),
  n: Type.Integer({ minimum: 1 }),
  previous: Type.Union([Sha256Schema, Type.Null()]),
  roots: Type.Array(PublicKeySchema, { minItems: 1, maxItems: 8 }),
  keys: Type.Array(
    Type.Object({
      kid: KeyIdSchema,
      publicKey: PublicKeySchema,
      uses: Type.Array(Type.Union([KeyUseSchema, Type.String({ maxLength: 32 })]), { maxItems: 16 }),
    }),
    { maxItems: 32 },
  ),
  issuedAt: InstantSchema,
});
export type KeyStatement = Static<typeof KeyStatementSchema>;
export const keyStatementCodec = codec('key statement', KeyStatementSchema, 1);

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
    if (use === 'key-statement') return this.#roots.get(kid);
    const entry = this.#keys.get(kid);
    return entry?.uses.has(use) ? entry.key : undefined;
  }

  /**
   * The ring after one more statement. Throws what `verifyDocument` throws, and `document.stale_revision` when
   * its number is not the next or it does not follow from the statement held.
   */
  async extend(compact: string): Promise<KeyRing> {
    const verified = await verifyDocument('key-statement', compact, this);
    const statement = keyStatementCodec.parse(verified.payload);
    if (statement.n !== this.n + 1 || statement.previous !== this.#hash)
      throw new DomainError('document.stale_revision', {
        document: 'key statement',
        revision: statement.n,
        held: this.n,
      });
    return new KeyRing(statement.roots, statement, verified.hash);
  }
}
