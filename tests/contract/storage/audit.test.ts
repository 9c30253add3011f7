import { expect, it } from 'vitest';
import { auditHash, sha256 } from '#protocols';
import { REFUSED } from '../../../server/domain/audit/audit.ts';
import { onBothDatabases } from './databases.ts';
import { AT } from './samples.ts';

onBothDatabases('the audit log', (storage) => {
  const who = { at: AT, actor: 'bích', role: 'editor' };
  const act = { ...who, action: 'area.change', subject: 'ap-1', detail: '{}' } as const;
  const place = { origin: '10.0.0.7', before: '{"name":"Ấp 1"}', after: '{"name":"Ấp Một"}', areaId: 'ap-1' };

  it('keeps where from, before, after and area in the chain, and the old hash of an entry without them', async () => {
    await storage().transaction(async (tx) => {
      await tx.audit.append(act);
      await tx.audit.append({ ...act, ...place });
    });
    const [old, full] = await storage().read.audit.list(1, 2);
    if (old === undefined || full === undefined) throw new Error('the entries are missing');
    const { previousHash, seq, at, actor, role, action, subject, detail } = old;
    expect(old).toMatchObject({ origin: null, before: null, after: null, areaId: null });
    expect(old.hash).toBe(
      sha256(JSON.stringify([previousHash, seq, at, actor, role, action, subject, detail])),
    );
    expect(full).toMatchObject({ ...place, previousHash: old.hash });
    expect(full.hash).toBe(auditHash(full));
    for (const field of ['origin', 'before', 'after', 'areaId'] as const)
      expect([field, auditHash({ ...full, [field]: 'x' })]).not.toEqual([field, full.hash]);
    const { origin: _, ...rest } = full;
    expect(auditHash({ ...rest, origin: null, before: null, after: null, areaId: null })).not.toBe(full.hash);
  });

  it('is sought by actor, action, subject, areas and time, in either direction, page by page', async () => {
    const sought = { ...act, actor: 'người tìm' };
    await storage().transaction(async (tx) => {
      for (const [i, areaId] of ['ap-1', 'ap-2', null, 'ap-1', 'ap-3'].entries())
        await tx.audit.append({ ...sought, at: AT + i, subject: `s${i}`, areaId });
      await tx.audit.append({ ...sought, at: AT + 5, action: REFUSED, subject: 's5' });
    });
    const find = async (
      filter: object,
      limit = 100,
      beyond?: number,
      order: 'newest' | 'oldest' = 'newest',
    ) => {
      const page = { order, limit, ...(beyond === undefined ? {} : { beyond }) };
      return storage().read.audit.find({ actor: sought.actor, ...filter }, page);
    };
    const subjects = async (...asked: Parameters<typeof find>) =>
      (await find(...asked)).map(({ subject }) => subject);
    expect(await subjects({})).toEqual(['s5', 's4', 's3', 's2', 's1', 's0']);
    expect(await subjects({}, 2, undefined, 'oldest')).toEqual(['s0', 's1']);
    const third = (await find({}))[2]?.seq;
    expect(await subjects({}, 2, third)).toEqual(['s2', 's1']);
    expect(await subjects({}, 100, third, 'oldest')).toEqual(['s4', 's5']);
    expect(await subjects({ areas: ['ap-1', 'ap-2'] })).toEqual(['s3', 's1', 's0']);
    expect(await subjects({ areas: ['ap-2'], arealess: true })).toEqual(['s5', 's2', 's1']);
    expect(await subjects({ areas: [] })).toEqual([]);
    expect(await subjects({ from: AT + 1, to: AT + 3 })).toEqual(['s2', 's1']);
    expect(await subjects({ subject: 's4' })).toEqual(['s4']);
    expect(await subjects({ action: REFUSED })).toEqual(['s5']);
    expect(await subjects({ refused: true })).toEqual(['s5']);
    expect(await subjects({ refused: false, from: AT + 4 })).toEqual(['s4']);
    expect(await subjects({ subject: `' OR 1=1 --` })).toEqual([]);
  });

  it('keeps signed heads, which nobody changes or takes away', async () => {
    const head = (n: number, whole: boolean) => ({
      ...{
        n,
        day: '2026-01-04',
        whole,
        seq: n,
        hash: 'a'.repeat(64),
        count: 1,
        issuedAt: AT,
        document: 'x.y.z',
      },
    });
    await storage().transaction(async (tx) => {
      expect(await tx.auditHeads.latest()).toBeNull();
      await tx.auditHeads.insert(head(1, true));
      await tx.auditHeads.insert(head(2, false));
    });
    const { auditHeads } = storage().read;
    expect(await auditHeads.get(2)).toEqual(head(2, false));
    expect(await auditHeads.get(3)).toBeNull();
    expect(await auditHeads.latest()).toEqual(head(2, false));
    expect(await auditHeads.latestWhole()).toEqual(head(1, true));
    expect(await auditHeads.page(undefined, 5)).toEqual([head(2, false), head(1, true)]);
    expect(await auditHeads.page(2, 5)).toEqual([head(1, true)]);
    expect(await auditHeads.after(1, 5)).toEqual([head(2, false)]);
    await expect(storage().transaction((tx) => tx.auditHeads.insert(head(2, false)))).rejects.toThrow();
  });
});
