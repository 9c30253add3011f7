import { decodeProtectedHeader } from 'jose';
import { KeyRing, type KeyStatement, keyId, keyStatementCodec } from '#protocols';

/** What the statements of one key folder come to. */
export interface StatementChain {
  readonly ring: KeyRing;
  /** Raw root keys in force, base64url. */
  readonly roots: readonly string[];
  /** Raw root keys that signed statements, each once; last the one that signed the newest. Who trusts one of them may trust what follows. */
  readonly signers: readonly string[];
}

/**
 * Follows key statements from the first, whose roots are our own file's word; the signatures are checked from there. Throws when the
 * chain is broken, or when its newest statement does not name the operational key `kid`.
 */
export async function followStatements(statements: readonly string[], kid: string): Promise<StatementChain> {
  let ring = KeyRing.pinned(statementPayload(statements[0])?.roots ?? []);
  for (const statement of statements) ring = await ring.extend(statement);
  const all = statements.flatMap((statement) => statementPayload(statement)?.roots ?? []);
  const signers = statements.map((statement) => {
    const { kid } = decodeProtectedHeader(statement);
    return all.find((root) => keyId(root) === kid) ?? '';
  });
  if (ring.find(kid, 'order') === undefined)
    throw new Error(
      `key statement ${ring.n} does not name the operational key ${kid}: put back the key folder from one backup`,
    );
  return {
    ring,
    roots: statementPayload(statements.at(-1))?.roots ?? [],
    signers: signers.filter((root, at) => signers.lastIndexOf(root) === at),
  };
}

/** What a statement says, unchecked. */
export function statementPayload(statement: string | undefined): KeyStatement | undefined {
  const payload = statement?.split('.')[1];
  return payload === undefined ? undefined : keyStatementCodec.parse(Buffer.from(payload, 'base64url'));
}
