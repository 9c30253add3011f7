import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { generateSigningKey, keyFingerprint, sha256, signDocument, signKeyStatement } from '#protocols';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { statementPayload } from '../../../server/domain/keys/statement-chain.ts';
import { TASKS } from '../../../server/storage/backup/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { ofEarlierVersion, relist, repacked, withEntries } from './repack.ts';
import { backupOf, dataFolder, names, nothing, rootOf, sheetOf } from './support.ts';

let data: string;
let backup: Awaited<ReturnType<typeof backupOf>>;
beforeAll(async () => {
  data = await dataFolder();
  backup = await backupOf(data);
});

/** What a restore shows of a file before it puts anything in its place. */
async function shown(file: string, passphrase: string) {
  const place = join(tempDir('restore'), 'data');
  const options = {
    dataFolder: place,
    databaseUrl: `file:${join(place, 'loa.db')}`,
    file,
    passphrase,
    now: 0,
  };
  try {
    return (await TASKS.stage(options, nothing)).facts;
  } catch (error) {
    expect(await names(place)).toEqual([]);
    throw error;
  }
}

describe('a backup says whose it is', () => {
  it('with the root key that its sheet names, and its controller signed it', async () => {
    const root = await rootOf(data);
    expect(await shown(backup.file, backup.passphrase)).toEqual({
      ...{ areaId: 'tan-an', place: null, at: backup.made.at, version: 'test', sheet: 1 },
      ...{ speakers: 0, publicUrl: null, signed: true, ofSheet: true },
      sha256: sha256(await readFile(backup.file)),
      rootKeys: [{ publicKey: root, fingerprint: keyFingerprint(root) }],
    });
  });

  it('also under a sheet from before its root key was replaced', async () => {
    const folder = await dataFolder();
    const { passphrase, key } = await sheetOf(await rootOf(folder));
    const before = await rootOf(folder);
    const keys = new KeyService({
      vault: new KeyFiles({ folder: join(folder, 'keys') }),
      clock: new SystemClock(),
    });
    await keys.start();
    await keys.newRoot();
    await keys.rotate();
    await keys.stop();
    const { file } = await backupOf(folder, key);
    const facts = await shown(file, passphrase);
    expect(facts).toMatchObject({ signed: true, ofSheet: true });
    expect(facts.rootKeys.map(({ publicKey }) => publicKey)).toEqual([await rootOf(folder), before]);
  });

  it('also under a sheet of an earlier version, which cannot be compared by itself', async () => {
    const { passphrase, key } = await sheetOf(null);
    const { file } = await backupOf(data, key);
    expect(await shown(file, passphrase)).toMatchObject({ signed: true, ofSheet: false });
  });
});

describe('who knows the public half of a sheet’s key', () => {
  const forged = (file: string) =>
    expect(shown(file, backup.passphrase)).rejects.toMatchObject({ code: 'backup.forged' });

  it('cannot put anything else into a backup, with a list that fits or without', async () => {
    for (const fits of [true, false]) {
      const file = await repacked(backup.file, backup.passphrase, (entries) => {
        entries.set('data/latches.bin', Buffer.alloc(4096, 8));
        if (fits) relist(entries);
      });
      await forged(file);
    }
  });

  it('cannot put a payload of his own before or behind the signed one, nor anything else beside it', async () => {
    const own = await repacked(backup.file, backup.passphrase, (entries) => {
      for (const path of [...entries.keys()]) if (path !== 'manifest.json') entries.delete(path);
      entries.set('data/tokens.json', Buffer.from('[]'));
      relist(entries);
    });
    let theirs = Buffer.alloc(0);
    await withEntries(own, (outer) => {
      theirs = Buffer.from(outer.get('backup.tar.age') ?? '');
      return [];
    });
    const first = ['backup.tar.age', theirs] as const;
    for (const more of [
      (outer: [string, Buffer][]) => outer.flatMap((one) => (one[0] === first[0] ? [first, one] : [one])),
      (outer: [string, Buffer][]) => [...outer, first],
      (outer: [string, Buffer][]) => [...outer, ['data/tokens.json', theirs] as const],
      (outer: [string, Buffer][]) => outer.toReversed(),
    ])
      await expect(
        shown(await withEntries(backup.file, (outer) => more([...outer])), backup.passphrase),
      ).rejects.toMatchObject({ code: 'backup.damaged', params: { reason: /odd entry/ } });
  });

  it('cannot leave its signature out, nor put another one there', async () => {
    await forged(
      await repacked(backup.file, backup.passphrase, (entries) => void entries.delete('manifest.jws')),
    );
    const stranger = generateSigningKey();
    const list = { v: 1, manifest: 'a'.repeat(64) };
    for (const signature of [
      'no signature',
      await signDocument('backup', list, stranger),
      await signDocument('order', list, stranger),
    ])
      await forged(
        await repacked(
          backup.file,
          backup.passphrase,
          (entries) => void entries.set('manifest.jws', Buffer.from(signature)),
        ),
      );
  });

  it('cannot have a stranger’s system restored under it, nor one that only claims to follow ours', async () => {
    const { passphrase, key } = await sheetOf(await rootOf(data));
    const stranger = await dataFolder();
    const refused = async (folder: string) => {
      const { file } = await backupOf(folder, key);
      await expect(shown(file, passphrase)).rejects.toMatchObject({
        code: 'backup.other_root',
        params: { expected: keyFingerprint(await rootOf(data)) },
      });
    };
    await refused(stranger);
    // Its own first statement, which names our root beside its own.
    const vault = new KeyFiles({ folder: join(stranger, 'keys') });
    const keys = new KeyService({ vault, clock: new SystemClock() });
    await keys.start();
    await keys.newRoot([await rootOf(data)]);
    await keys.stop();
    await refused(stranger);
    const [first] = await vault.readStatements();
    const named = statementPayload(first)?.keys ?? [];
    const root = generateSigningKey();
    await vault.writeStatements([
      await signKeyStatement(
        {
          ...{ v: 1, n: 1, previous: null, issuedAt: 0, keys: named },
          roots: [root.publicKey, await rootOf(data)],
        },
        root,
      ),
    ]);
    await refused(stranger);
  });
});

it('a backup of an earlier version is shown as what it is: not signed, with the root key of its keys', async () => {
  const { passphrase, key } = await sheetOf(null);
  const { file } = await backupOf(data, key);
  const facts = await shown(await ofEarlierVersion(file, passphrase), passphrase);
  expect(facts).toMatchObject({
    signed: false,
    ofSheet: false,
    place: null,
    speakers: null,
    publicUrl: null,
  });
  expect(facts.rootKeys.map(({ publicKey }) => publicKey)).toEqual([await rootOf(data)]);
});

it('a disk that does not read is told as what it is, and not as a damaged file', async () => {
  // Reads of it fail with EIO.
  await expect(shown('/proc/self/mem', backup.passphrase)).rejects.toMatchObject({
    code: 'backup.disk_failed',
    params: { reason: expect.stringContaining('EIO') },
  });
});
