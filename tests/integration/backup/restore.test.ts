import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { acceptRestore, finishRestore, TASKS } from '../../../server/storage/backup/index.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { backupOf, dataFolder, names, nothing, restoreInto } from './support.ts';

let data: string;
let backup: Awaited<ReturnType<typeof backupOf>>;
beforeAll(async () => {
  data = await dataFolder();
  backup = await backupOf(data);
});

describe('a place that is not empty', () => {
  it('is refused, and nothing of it touched', async () => {
    const place = await dataFolder();
    const before = await names(place);
    await expect(restoreInto(place, backup.file, backup.passphrase)).rejects.toMatchObject({
      code: 'restore.not_empty',
      message: expect.stringContaining('--replace'),
    });
    expect(await names(place)).toEqual(before);
  });

  it('is moved aside with "replace", and nothing deleted', async () => {
    const place = await dataFolder();
    const before = await names(place);
    const restored = await restoreInto(place, backup.file, backup.passphrase, { replace: true });
    expect(restored?.replaced).toMatch(/^replaced-/);
    expect(await names(join(place, restored?.replaced ?? ''))).toEqual(before);
    expect(await readFile(join(place, 'keys/root.pem'))).toEqual(await readFile(join(data, 'keys/root.pem')));
  });

  it('is refused while a controller runs on it', async () => {
    const place = await dataFolder();
    const storage = openStorage({ url: `file:${join(place, 'loa.db')}`, clock: new SystemClock() });
    await storage.start();
    onTestFinished(() => storage.stop());
    await expect(restoreInto(place, backup.file, backup.passphrase, { replace: true })).rejects.toMatchObject(
      {
        code: 'restore.in_use',
      },
    );
  });
});

/** The backup, unpacked beside what a folder holds, and nothing of it placed yet. `before`: what lay there. */
async function staged() {
  const old = await dataFolder();
  const before = await names(old);
  const place = { dataFolder: old, databaseUrl: `file:${join(old, 'loa.db')}` };
  const { file, passphrase } = backup;
  const { step } = await TASKS.stage({ ...place, file, passphrase, now: 0 }, nothing);
  await acceptRestore(old, step);
  return { old, before, place, step };
}

describe('a restore that was cut off', () => {
  it.each(['before anything was moved', 'after the old was moved aside', 'after the database was placed'])(
    '%s is gone on with, and nothing is lost',
    async (when) => {
      const { old, before, place, step } = await staged();
      const files = join(old, 'restoring', 'files');
      if (when !== 'before anything was moved') {
        await mkdir(join(old, step.replaced));
        for (const name of before) await rename(join(old, name), join(old, step.replaced, name));
        await writeFile(join(old, 'restoring/step.json'), JSON.stringify({ ...step, step: 'place' }));
      }
      if (when === 'after the database was placed')
        await rename(join(files, 'database.sqlite'), join(old, 'loa.db'));
      await expect(finishRestore(place)).resolves.toMatchObject({ replaced: step.replaced });
      expect(await names(join(old, step.replaced))).toEqual(before);
      expect(await readFile(join(old, 'keys/root.pem'))).toEqual(await readFile(join(data, 'keys/root.pem')));
      const database = new BetterSqlite3(join(old, 'loa.db'), { readonly: true });
      expect(database.prepare('SELECT sha256 FROM Medium').all()).toHaveLength(1);
      database.close();
      await expect(finishRestore(place)).resolves.toBeNull();
    },
  );

  it.each(['', 'after the old was put back in part'])(
    'by what cannot be placed is undone with a clear word, and never tried again %s',
    async (when) => {
      const { old, before, place, step } = await staged();
      const files = join(old, 'restoring', 'files', 'data');
      // A folder that stands where the staged one has a file.
      await rm(join(files, 'latches.bin'));
      await mkdir(join(files, 'latches.bin', 'x'), { recursive: true });
      await mkdir(join(old, step.replaced));
      for (const name of before) await rename(join(old, name), join(old, step.replaced, name));
      await writeFile(join(old, 'latches.bin'), 'in the way');
      await writeFile(join(old, 'restoring/step.json'), JSON.stringify({ ...step, step: 'place' }));
      if (when !== '') {
        await rm(join(old, 'latches.bin'));
        await rename(join(old, step.replaced, 'keys'), join(old, 'keys'));
        await writeFile(
          join(old, 'restoring/step.json'),
          JSON.stringify({ ...step, step: 'put_back', reason: 'it was in the way' }),
        );
      }
      await expect(finishRestore(place)).rejects.toMatchObject({ code: 'restore.undone' });
      expect(await names(old)).toEqual(before);
      await expect(finishRestore(place)).resolves.toBeNull();
      const database = new BetterSqlite3(join(old, 'loa.db'), { readonly: true });
      expect(database.prepare('SELECT sha256 FROM Medium').all()).toHaveLength(1);
      database.close();
    },
  );

  it('before somebody said that it is the right one leaves what was there as it was', async () => {
    const folder = await dataFolder();
    const before = await names(folder);
    const place = { dataFolder: folder, databaseUrl: `file:${join(folder, 'loa.db')}` };
    const { file, passphrase } = backup;
    await TASKS.stage({ ...place, file, passphrase, now: 0 }, nothing);
    expect(await names(folder)).toContain('restoring');
    await expect(finishRestore(place)).resolves.toBeNull();
    expect(await names(folder)).toEqual(before);
  });

  it('while it was unpacked leaves what was there as it was', async () => {
    const folder = await dataFolder();
    const before = await names(folder);
    await mkdir(join(folder, 'restoring', 'files'), { recursive: true });
    await expect(
      finishRestore({ dataFolder: folder, databaseUrl: `file:${join(folder, 'loa.db')}` }),
    ).resolves.toBeNull();
    expect(await names(folder)).toEqual(before);
  });
});
