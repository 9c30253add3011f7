import { expect, it } from 'vitest';
import { auditHash, DomainError } from '#protocols';
import { onBothDatabases } from './databases.ts';
import { AT, area, uniqueId } from './samples.ts';

onBothDatabases('a transaction', (storage) => {
  const act = {
    at: AT,
    actor: 'bích',
    role: 'editor',
    action: 'area.change' as const,
    subject: 'x',
    detail: '{"tên":"ấp 1"}',
  };
  const areaIds = async () => (await storage().read.areas.all()).map(({ id }) => id);

  it('takes everything back when its work throws, effects included', async () => {
    const place = area();
    const effects: string[] = [];
    const failed = storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.audit.append(act);
      tx.afterCommit(() => effects.push('ran'));
      throw new DomainError('request.not_found', { what: 'area', id: 'x' });
    });
    await expect(failed).rejects.toMatchObject({ code: 'request.not_found' });
    expect(await areaIds()).not.toContain(place.id);
    expect(effects).toEqual([]);
  });

  it('is not seen from outside before its commit, and its effects come after', async () => {
    const place = area();
    const seen: string[] = [];
    const result = await storage().transaction(async (tx) => {
      tx.afterCommit(() => seen.push('first'));
      tx.afterCommit(() => {
        throw new Error('an effect that fails takes nothing back');
      });
      tx.afterCommit(() => seen.push('second'));
      await tx.areas.insert(place);
      expect((await tx.areas.all()).map(({ id }) => id)).toContain(place.id);
      expect(await areaIds()).not.toContain(place.id);
      expect(seen).toEqual([]);
      return 'answer';
    });
    expect(result).toBe('answer');
    expect(seen).toEqual(['first', 'second']);
    expect(await areaIds()).toContain(place.id);
  });

  it('cannot be had through the stores for reading', async () => {
    const place = area();
    await expect(storage().read.areas.insert(place)).rejects.toThrow(/read-?only/i);
    expect(await areaIds()).not.toContain(place.id);
  });

  it('appends to one unbroken audit chain, however many run at once', async () => {
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        storage().transaction((tx) => tx.audit.append({ ...act, subject: `ấp ${i}` })),
      ),
    );
    const entries = await storage().read.audit.list(0, 1_000);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
    expect(new Set(entries.map(({ subject }) => subject)).size).toBeGreaterThanOrEqual(12);
    for (const [i, entry] of entries.entries()) {
      expect(entry.hash).toBe(auditHash(entry));
      if (i > 0) expect(entry.previousHash).toBe(entries[i - 1]?.hash);
    }
    expect(await storage().read.audit.list(3, 2)).toEqual(entries.slice(2, 4));
  });

  it('answers an idempotent act once: of a race, the later one finds the answer of the first', async () => {
    const key = uniqueId('key');
    const places = Array.from({ length: 6 }, () => area());
    const answers = await Promise.all(
      places.map((place) =>
        storage().transaction(async (tx) => {
          const known = await tx.idempotency.get('bích', key);
          if (known !== null) return known.body;
          await tx.areas.insert(place);
          const answer = { actor: 'bích', key, requestHash: 'h', status: 201, body: place.id, createdAt: AT };
          await tx.idempotency.put(answer);
          return answer.body;
        }),
      ),
    );
    expect(new Set(answers).size).toBe(1);
    const made = (await areaIds()).filter((id) => places.some((place) => place.id === id));
    expect(made).toEqual([answers[0]]);
  });

  it('that insists on a key that is taken is told so, and changes nothing', async () => {
    const place = area();
    const answer = {
      actor: 'bích',
      key: uniqueId('key'),
      requestHash: 'h',
      status: 200,
      body: '{}',
      createdAt: AT,
    };
    await storage().transaction((tx) => tx.idempotency.put(answer));
    const again = storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.idempotency.put({ ...answer, body: 'other' });
    });
    await expect(again).rejects.toMatchObject({ code: 'request.key_in_use' });
    expect(await areaIds()).not.toContain(place.id);
    expect(await storage().read.idempotency.get('bích', answer.key)).toEqual(answer);
  });

  it('forgets answers after their time', async () => {
    const [old, young] = [0, 10].map((n) => ({
      ...{ actor: 'hải', key: uniqueId('key'), requestHash: 'h', status: 200, body: '{}', createdAt: n },
    }));
    if (old === undefined || young === undefined) throw new Error('two answers');
    await storage().transaction(async (tx) => {
      await tx.idempotency.put(old);
      await tx.idempotency.put(young);
    });
    await storage().transaction((tx) => tx.idempotency.prune(5));
    expect(await storage().read.idempotency.get('hải', old.key)).toBeNull();
    expect(await storage().read.idempotency.get('hải', young.key)).toEqual(young);
  });

  it('leaves the database answering', async () => {
    await expect(storage().ping()).resolves.toBeUndefined();
  });
});
