import { type KeyStatement, keyStatementCodec } from '../documents/key-statement-schema.ts';
import { type EvidenceCrypto, hashOf, nameOfKey } from './crypto.ts';
import { isSignedBy, takeApart } from './signed.ts';

/** The keys that were ever in force, by name: each with what it may sign. An order of last year was signed by last year's key. */
export class KeyHistory {
  readonly #keys = new Map<string, { readonly publicKey: string; readonly uses: ReadonlySet<string> }[]>();

  /** The public half of a key that some statement let sign for this use. */
  find(kid: string, use: string): string | undefined {
    return this.#keys.get(kid)?.find(({ uses }) => uses.has(use))?.publicKey;
  }

  add(kid: string, publicKey: string, uses: readonly string[]): void {
    this.#keys.set(kid, [...(this.#keys.get(kid) ?? []), { publicKey, uses: new Set(uses) }]);
  }
}

/**
 * Follows the key statements from the pinned roots. `broken` names the first one that does not follow; what was in force until then is in
 * `keys` all the same.
 */
export function readStatements(
  crypto: EvidenceCrypto,
  rootKeys: readonly string[],
  statements: readonly string[],
): { readonly keys: KeyHistory; readonly broken: string | null } {
  const keys = new KeyHistory();
  let roots = new Map(rootKeys.map((key) => [nameOfKey(crypto, key), key]));
  let previous: string | null = null;
  for (const [i, compact] of statements.entries()) {
    const place = `key statement ${i + 1}`;
    const document = takeApart(compact);
    if (document === null || document.use !== 'key-statement')
      return { keys, broken: `${place}: it is no signed key statement` };
    const root = roots.get(document.kid);
    if (root === undefined)
      return { keys, broken: `${place}: it is signed by ${document.kid}, which was no root key then` };
    if (!isSignedBy(crypto, document, root))
      return { keys, broken: `${place}: its signature by ${document.kid} does not fit` };
    const statement = read(document.payload);
    if (statement === null) return { keys, broken: `${place}: it has another shape` };
    if (statement.n !== i + 1 || statement.previous !== previous)
      return { keys, broken: `${place}: it does not follow from the one before` };
    roots = new Map(statement.roots.map((key) => [nameOfKey(crypto, key), key]));
    for (const { kid, publicKey, uses } of statement.keys)
      if (nameOfKey(crypto, publicKey) === kid) keys.add(kid, publicKey, uses);
    previous = hashOf(crypto, compact);
  }
  return { keys, broken: statements.length === 0 ? 'there are no key statements' : null };
}

function read(payload: unknown): KeyStatement | null {
  try {
    return keyStatementCodec.check(payload);
  } catch {
    return null;
  }
}
