import { expect, it } from 'vitest';
import type { Enrolment } from '../../../server/domain/enrolment/enrolment.ts';
import { onBothDatabases } from './databases.ts';
import { AT, uniqueId } from './samples.ts';

const HOUR = 3_600_000;
const enrolment = (speakerId: string, over: Partial<Enrolment> = {}): Enrolment => ({
  ...{ id: uniqueId('enr'), speakerId, key: 'the key', createdBy: 'kỹ thuật', createdAt: AT },
  ...{ expiresAt: AT + 72 * HOUR, wrongTries: 0, publicKey: null, usedAt: null, acknowledgedAt: null },
  voidReason: null,
  ...over,
});

onBothDatabases('enrolments', (storage) => {
  const insert = (...all: Enrolment[]) =>
    storage().transaction(async (tx) => {
      for (const one of all) await tx.enrolments.insert(one);
    });
  const newest = (id: string) => storage().read.enrolments.newest(id);

  it('come back as they were made, the newest of a loudspeaker', async () => {
    const id = uniqueId('spk');
    const [older, newer] = [enrolment(id), enrolment(id, { createdAt: AT + 1 })];
    await insert(newer, older, enrolment(uniqueId('spk'), { createdAt: AT + 2 }));
    expect(await newest(id)).toEqual(newer);
    expect(await newest('spk_nobody')).toBeNull();
  });

  it('are void once, with their keys forgotten, and are neither used nor given another key then', async () => {
    const id = uniqueId('spk');
    const code = enrolment(id);
    await insert(code);
    const done = await storage().transaction(async (tx) => [
      await tx.enrolments.rekey(code.id, 'another key'),
      await tx.enrolments.void(id, 'withdrawn'),
      await tx.enrolments.void(id, 'replaced'),
      await tx.enrolments.use(code.id, 'pub', AT),
      await tx.enrolments.rekey(code.id, 'a third'),
    ]);
    expect(done).toEqual([true, 1, 0, false, false]);
    expect(await newest(id)).toEqual({ ...code, key: null, voidReason: 'withdrawn' });
  });

  it('are used by one key, again and again until that loudspeaker has connected', async () => {
    const id = uniqueId('spk');
    const code = enrolment(id);
    await insert(code);
    const use = (key: string, at: number) =>
      storage().transaction((tx) => tx.enrolments.use(code.id, key, at));
    expect([await use('pub 1', AT + 1), await use('pub 1', AT + 2), await use('pub 2', AT + 3)]).toEqual([
      ...[true, true, false],
    ]);
    expect(await newest(id)).toEqual({ ...code, publicKey: 'pub 1', usedAt: AT + 2 });
    expect(await storage().read.enrolments.unacknowledged()).toContain(id);
    await storage().transaction((tx) => tx.enrolments.acknowledge(id, AT + 4));
    expect(await newest(id)).toMatchObject({ acknowledgedAt: AT + 4, key: null });
    expect(await use('pub 1', AT + 5)).toBe(false);
    expect(await storage().read.enrolments.unacknowledged()).not.toContain(id);
  });

  it('count wrong tries, and forget the keys of those that expired', async () => {
    const [id, later] = [uniqueId('spk'), uniqueId('spk')];
    const code = enrolment(id);
    const good = enrolment(later, { expiresAt: AT + 73 * HOUR });
    await insert(code, good);
    const tries = await storage().transaction(async (tx) => [
      await tx.enrolments.countWrongTry(code.id),
      await tx.enrolments.countWrongTry(code.id),
    ]);
    expect(tries).toEqual([1, 2]);
    await storage().transaction((tx) => tx.enrolments.forgetExpired(AT + 72 * HOUR));
    expect(await newest(id)).toEqual({ ...code, key: null, wrongTries: 2 });
    expect(await newest(later)).toEqual(good);
  });

  it('keep every journal key that a loudspeaker has had, once each', async () => {
    const id = uniqueId('spk');
    const keys = [
      { keyId: 'k2', publicKey: 'pub 2' },
      { keyId: 'k1', publicKey: 'pub 1' },
    ];
    await storage().transaction(async (tx) => {
      for (const [i, key] of [...keys, ...keys].entries()) await tx.enrolments.keepKey(id, key, AT + i);
    });
    expect(await storage().read.enrolments.keys(id)).toEqual(keys);
  });
});
