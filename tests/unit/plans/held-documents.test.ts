import { expect, it } from 'vitest';
import { heldHash, type Scope, scopeKey, sha256 } from '#protocols';
import { type HeldDocument, HeldDocuments } from '../../../server/domain/plans/held-documents.ts';

const area = (id: string): Scope => ({ kind: 'area', id });
const own: Scope = { kind: 'speaker', id: 'loa-1' };
const plan = (scope: Scope, revision: number): HeldDocument => ({
  ...{ kind: 'plan', scope, revision, hash: sha256(`${scopeKey(scope)} ${revision}`), document: 'a.b.c' },
});

function documents(...held: HeldDocument[]) {
  const registry = new HeldDocuments();
  for (const kind of ['plan', 'latch'] as const)
    registry.register({
      kind,
      current: (scope) => held.find((one) => one.kind === kind && scopeKey(one.scope) === scopeKey(scope)),
      overtake: async () => undefined,
    });
  return registry;
}

it('gives a speaker the documents of its ancestry and its own, of each kind', () => {
  const latch = { ...plan(area('xa'), 3), kind: 'latch' as const };
  const registry = documents(plan(area('xa'), 1), plan(area('khac'), 1), plan(own, 2), latch);
  expect(registry.forSpeaker('loa-1', ['xa', 'ap-1'])).toEqual([plan(area('xa'), 1), plan(own, 2), latch]);
  expect(registry.expectedHash('loa-1', ['xa'])).toBe(heldHash([latch, plan(own, 2), plan(area('xa'), 1)]));
  expect(registry.expectedHash('loa-9', ['nowhere'])).toBe(heldHash([]));
});

it('tells what lacks, what is older there, and what is newer there', () => {
  const registry = documents(plan(area('xa'), 5), plan(area('ap-1'), 5), plan(own, 5));
  const said = (scope: Scope, revision: number) => {
    const { kind, hash } = plan(scope, revision);
    return { kind, scope, revision, hash };
  };
  const ancestry = ['xa', 'ap-1'];
  expect(registry.difference('loa-1', ancestry, [said(area('xa'), 5), said(area('ap-1'), 4)])).toEqual({
    missing: [plan(area('ap-1'), 5), plan(own, 5)],
    newer: [],
  });
  const ahead = [said(area('xa'), 6), said(area('ap-1'), 5), said(own, 5)];
  expect(registry.difference('loa-1', ancestry, ahead)).toEqual({ missing: [], newer: [ahead[0]] });
  // Of an area that it does not lie in any more: its own affair.
  expect(registry.difference('loa-1', ancestry, [...ahead.slice(1), said(area('khac'), 9)]).newer).toEqual(
    [],
  );
});

it('shares one expected hash among the speakers of an area that have nothing of their own', () => {
  const registry = documents(plan(area('xa'), 1), plan(own, 1));
  const ancestry = ['xa'];
  const expected = registry.expectedHashes();
  for (const id of ['loa-1', 'loa-2', 'loa-3'])
    expect(expected(id, ancestry)).toBe(registry.expectedHash(id, ancestry));
});

it('hands a document only to who makes its kind', async () => {
  const registry = documents();
  const header = (typ: string) => `${Buffer.from(JSON.stringify({ typ })).toString('base64url')}.e30.x`;
  expect(await registry.overtake(header('loa-plan'))).toBe(true);
  expect(await registry.overtake(header('loa-order'))).toBe(false);
  expect(await registry.overtake('no document')).toBe(false);
});
