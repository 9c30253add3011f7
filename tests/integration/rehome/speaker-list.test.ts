import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { generateSigningKey, keyId, sha256 } from '#protocols';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { enteredSpeaker } from '../../../server/domain/speakers/speaker.ts';
import {
  enterSpeakerList,
  listSpeakers,
  readSpeakerList,
  writeSpeakerList,
} from '../../../server/domain/speakers/speaker-list.ts';
import type { Storage } from '../../../server/domain/unit-of-work.ts';
import { createLogger } from '../../../server/logger.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const clock = new FakeClock();
const about = { from: 'https://xa-cu.example', madeAt: 1 };

/** A database of a commune with these areas. */
async function database(...areaIds: string[]): Promise<Storage> {
  const url = `file:${join(tempDir('list'), 'loa.db')}`;
  const storage = openStorage({ url, clock, log: createLogger('silent') });
  await storage.start();
  onTestFinished(() => storage.stop());
  await storage.transaction(async (tx) => {
    for (const id of areaIds)
      await tx.areas.insert({
        ...{ id, parentId: null, kind: 'xã', name: id, zone: null, policy: null },
        ...{ createdAt: 0, retiredAt: null },
      });
  });
  return storage;
}

async function rooted(): Promise<KeyService> {
  const keys = new KeyService({ vault: new KeyFiles({ folder: tempDir('keys') }), clock });
  await keys.start();
  return keys;
}

/** Enters one that was enrolled, with the keys of its boards, the newest last. */
async function enrolled(storage: Storage, id: string, areaId: string, boards = 1): Promise<void> {
  const keys = Array.from({ length: boards }, () => generateSigningKey().publicKey);
  const publicKey = keys.at(-1) ?? '';
  const facts = { id, areaId, name: `Cụm loa ${id}`, createdAt: 0 };
  await storage.transaction(async (tx) => {
    const own = { lifecycle: 'active', publicKey, keyId: keyId(publicKey), secretHash: sha256(id) } as const;
    await tx.speakers.insert({ ...enteredSpeaker(facts), gainDb: -3, sensitive: true, ...own });
    for (const [at, one] of keys.entries())
      await tx.enrolments.keepKey(id, { keyId: keyId(one), publicKey: one }, at);
  });
}

it('carries loudspeakers over with secret, keys and settings, into their own area where that is here too', async () => {
  const [before, after] = [await database('ap-1', 'ap-2'), await database('xa-moi', 'ap-2')];
  await enrolled(before, 'loa-1', 'ap-1', 3);
  await enrolled(before, 'loa-2', 'ap-2');
  await enrolled(before, 'loa-3', 'ap-2');
  const blocked = await before.read.speakers.get('loa-3');
  if (blocked !== null)
    await before.transaction((tx) => tx.speakers.update({ ...blocked, lifecycle: 'blocked' }));
  await before.transaction((tx) =>
    tx.speakers.insert(enteredSpeaker({ id: 'loa-4', areaId: 'ap-1', name: 'chưa đăng ký', createdAt: 0 })),
  );
  const keys = await rooted();
  const file = await writeSpeakerList(await listSpeakers(before.read, () => true, about), keys);
  const list = await readSpeakerList(file, keys.rootKeys[0] ?? '');
  const entered = await after.transaction((tx) => enterSpeakerList(tx, list, 'xa-moi', 5));
  expect(entered.map(({ id, areaId }) => [id, areaId])).toEqual([
    ['loa-1', 'xa-moi'],
    ['loa-2', 'ap-2'],
  ]);
  const [there, here] = await Promise.all([before, after].map(({ read }) => read.speakers.get('loa-1')));
  expect(here).toMatchObject({ lifecycle: 'active', gainDb: -3, sensitive: true, assignmentDocument: null });
  for (const field of ['secretHash', 'publicKey', 'keyId', 'name'] as const)
    expect(here?.[field]).toBe(there?.[field]);
  const known = async ({ read }: Storage) =>
    new Set((await read.enrolments.keys('loa-1')).map((key) => key.keyId));
  expect(await known(after)).toEqual(await known(before));
});

it('takes no list that the named root has not signed as it is', async () => {
  const before = await database('ap-1');
  await enrolled(before, 'loa-1', 'ap-1');
  const [keys, stranger] = [await rooted(), await rooted()];
  const [root = '', other = ''] = [keys.rootKeys[0], stranger.rootKeys[0]];
  const list = await listSpeakers(before.read, () => true, about);
  const file = await writeSpeakerList(list, keys);
  await expect(readSpeakerList(file, other)).rejects.toMatchObject({ code: 'document.unsigned' });
  const changed = file.replace('Cụm loa loa-1', 'Cụm loa khác');
  await expect(readSpeakerList(changed, root)).rejects.toMatchObject({ code: 'document.malformed' });
  const [, seal = ''] = (await writeSpeakerList({ ...list, speakers: [] }, keys)).split('\n');
  const [line = ''] = file.split('\n');
  await expect(readSpeakerList(`${line}\n${seal}\n`, root)).rejects.toMatchObject({
    code: 'document.malformed',
  });
  await expect(readSpeakerList(line, root)).rejects.toThrow();
});

it('enters all of a list or none, and none over one that is here', async () => {
  const [before, after] = [await database('ap-1'), await database('xa-moi')];
  for (const id of ['loa-1', 'loa-2']) await enrolled(before, id, 'ap-1');
  await enrolled(after, 'loa-2', 'xa-moi');
  const list = await listSpeakers(before.read, () => true, about);
  const held = await after.read.speakers.get('loa-2');
  await expect(after.transaction((tx) => enterSpeakerList(tx, list, 'xa-moi', 5))).rejects.toMatchObject({
    code: 'request.conflict',
  });
  expect(await after.read.speakers.get('loa-1')).toBeNull();
  expect(await after.read.speakers.get('loa-2')).toEqual(held);
  await expect(after.transaction((tx) => enterSpeakerList(tx, list, 'ap-9', 5))).rejects.toMatchObject({
    code: 'request.not_found',
  });
});
