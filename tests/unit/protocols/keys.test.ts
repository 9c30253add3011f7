import { describe, expect, it } from 'vitest';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  KeyRing,
  type KeyStatement,
  keyFingerprint,
  keyId,
  nextRevision,
  type SigningKey,
  sha256,
  signDocument,
  signKeyStatement,
  verifyDocument,
} from '#protocols';

interface Link {
  readonly root: SigningKey;
  readonly names: readonly SigningKey[];
  readonly roots?: readonly SigningKey[];
}

/** A chain of statements, each signed by `root` and naming `names` for orders. */
async function chain(links: readonly Link[]): Promise<string[]> {
  const statements: string[] = [];
  for (const { root, names, roots = [root] } of links) {
    const statement: KeyStatement = {
      v: 1,
      n: statements.length + 1,
      previous: statements.length === 0 ? null : sha256(statements.at(-1) as string),
      roots: roots.map(({ publicKey }) => publicKey),
      keys: names.map(({ kid, publicKey }) => ({ kid, publicKey, uses: ['order'] })),
      issuedAt: 1,
    };
    statements.push(await signKeyStatement(statement, root));
  }
  return statements;
}

describe('key statements', () => {
  const root = generateSigningKey();
  const spare = generateSigningKey();
  const [first, second, third] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];

  it('lead a speaker that was away through several rotations', async () => {
    const statements = await chain([
      { root, names: [first], roots: [root, spare] },
      { root, names: [first, second], roots: [root, spare] },
      { root: spare, names: [second], roots: [spare] },
      { root: spare, names: [third] },
    ]);
    let ring = KeyRing.pinned([root.publicKey]);
    expect(ring.n).toBe(0);
    for (const statement of statements) ring = await ring.extend(statement);
    expect(ring.n).toBe(4);
    expect(ring.find(first.kid, 'order')).toBeUndefined();
    expect(ring.find(second.kid, 'order')).toBeUndefined();
    const document = await signDocument('order', { v: 1 }, third);
    expect((await verifyDocument('order', document, ring)).kid).toBe(third.kid);
    // The root that is no longer in force signs nothing more.
    const [late] = await chain([{ root, names: [first] }]);
    await expect(ring.extend(late as string)).rejects.toMatchObject({ code: 'document.unsigned' });
  });

  it('are refused out of turn, from another chain, and from an operational key', async () => {
    const statements = await chain([
      { root, names: [first] },
      { root, names: [second] },
      { root, names: [third] },
    ]);
    const [one, two, three] = statements as [string, string, string];
    const ring = await KeyRing.pinned([root.publicKey]).extend(one);
    await expect(ring.extend(three)).rejects.toMatchObject({ code: 'document.stale_revision' });
    await expect(ring.extend(one)).rejects.toMatchObject({ code: 'document.stale_revision' });
    const [, otherSecond] = await chain([
      { root, names: [spare] },
      { root, names: [spare] },
    ]);
    await expect(ring.extend(otherSecond as string)).rejects.toMatchObject({
      code: 'document.stale_revision',
    });
    const [forged] = await chain([{ root: first, names: [first] }]);
    await expect(ring.extend(forged as string)).rejects.toMatchObject({ code: 'document.unsigned' });
    expect((await ring.extend(two)).n).toBe(2);
  });

  it('name a key for its uses only, and never under a borrowed name', async () => {
    const statement: KeyStatement = {
      v: 1,
      n: 1,
      previous: null,
      roots: [root.publicKey],
      keys: [
        { kid: first.kid, publicKey: first.publicKey, uses: ['time', 'dance'] },
        { kid: second.kid, publicKey: third.publicKey, uses: ['order'] },
      ],
      issuedAt: 1,
    };
    const ring = await KeyRing.pinned([root.publicKey]).extend(await signKeyStatement(statement, root));
    expect(ring.find(first.kid, 'time')).toBeDefined();
    expect(ring.find(first.kid, 'order')).toBeUndefined();
    expect(ring.find(second.kid, 'order')).toBeUndefined();
  });
});

describe('keys and revisions', () => {
  it('keep a key through its export', () => {
    const key = generateSigningKey();
    const again = importSigningKey(exportSigningKey(key));
    expect(again).toMatchObject({ kid: key.kid, publicKey: key.publicKey });
    expect(keyId(key.publicKey)).toBe(key.kid);
  });

  it('are compared by thirty digits that are theirs alone and stay what they were', () => {
    // The key of thirty-two zero bytes: what stands on paper must not change with a version.
    expect(keyFingerprint('A'.repeat(43))).toBe('31479 19918 10382 90276 65309 30981');
    const codes = Array.from({ length: 50 }, () => keyFingerprint(generateSigningKey().publicKey));
    for (const code of codes) expect(code).toMatch(/^(\d{5} ){5}\d{5}$/);
    expect(new Set(codes).size).toBe(50);
  });

  it('count revisions past the clock, the last and the highest seen', () => {
    expect(nextRevision(1_000.7, 5, 0)).toBe(1_000);
    expect(nextRevision(1_000, 2_000, 0)).toBe(2_001);
    expect(nextRevision(1_000, 2_000, 3_000)).toBe(3_001);
  });
});
