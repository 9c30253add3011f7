import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { acceptRestore, finishRestore, TASKS } from '../../../server/storage/backup/index.ts';
import { postgresTool, withPostgres } from '../../../server/storage/backup/snapshot.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { backupOf, dataFolder, names, nothing, restoreInto, SOUND, SOUND_HASH } from './support.ts';

/** What lies aside in a database. */
function schemasOf(url: string): Promise<string[]> {
  return withPostgres(url, async (client) => {
    const found = await client.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'replaced-%' ORDER BY nspname`,
    );
    return found.rows.map(({ name }) => name);
  });
}

describeWith(['postgresql'], 'a backup of PostgreSQL', () => {
  it('is put back into an empty database, and into no other', async () => {
    const url = await freshPostgresDatabase();
    const folder = await dataFolder(url);
    const { file, passphrase } = await backupOf(folder, { databaseUrl: url });
    const place = join(tempDir('restore'), 'data');
    await expect(restoreInto(place, file, passphrase, { databaseUrl: url })).rejects.toMatchObject({
      code: 'restore.not_empty',
    });
    const empty = await freshPostgresDatabase();
    await restoreInto(place, file, passphrase, { databaseUrl: empty });
    const storage = openStorage({ url: empty, clock: new SystemClock() });
    await storage.start();
    onTestFinished(() => storage.stop());
    expect(await storage.read.media.get(SOUND_HASH)).toMatchObject({ bytes: SOUND.length });
    // The other kind of database is no place for it.
    const other = join(tempDir('restore'), 'data');
    await expect(restoreInto(other, file, passphrase)).rejects.toMatchObject({
      code: 'backup.other_database',
    });
    // The first one waits for PostgreSQL itself.
  }, 90_000);

  it('with "replace" moves the old tables aside', async () => {
    const url = await freshPostgresDatabase();
    const folder = await dataFolder(url);
    const { file, passphrase } = await backupOf(folder, { databaseUrl: url });
    await rm(folder, { recursive: true });
    await restoreInto(folder, file, passphrase, { databaseUrl: url, replace: true });
    const storage = openStorage({ url, clock: new SystemClock() });
    await storage.start();
    onTestFinished(() => storage.stop());
    expect(await storage.read.media.get(SOUND_HASH)).toMatchObject({ bytes: SOUND.length });
  }, 90_000);

  it('holds nothing of what a restore moved aside, so that the place can be replaced again and again', async () => {
    const url = await freshPostgresDatabase();
    const folder = await dataFolder(url);
    const first = await backupOf(folder, { databaseUrl: url });
    const replace = { databaseUrl: url, replace: true };
    await restoreInto(folder, first.file, first.passphrase, { ...replace, now: Date.UTC(2026, 10, 1) });
    const second = await backupOf(folder, { databaseUrl: url });
    for (const day of [2, 3])
      await restoreInto(folder, second.file, second.passphrase, { ...replace, now: Date.UTC(2026, 10, day) });
    // An earlier version packed every schema.
    const whole = join(tempDir('whole'), 'all.pgdump');
    await postgresTool('pg_dump', ['-Fc', '--no-owner', `--file=${whole}`], url);
    const place = { dataFolder: folder, databaseUrl: url };
    const { step } = await TASKS.stage({ ...place, ...second, now: Date.UTC(2026, 10, 4) }, nothing);
    await copyFile(whole, join(folder, 'restoring', 'files', 'database.pgdump'));
    await acceptRestore(folder, step);
    await finishRestore(place);
    expect(await schemasOf(url)).toEqual([1, 2, 3, 4].map((day) => `replaced-2026-11-0${day}T00-00-00`));
    const storage = openStorage({ url, clock: new SystemClock() });
    await storage.start();
    onTestFinished(() => storage.stop());
    expect(await storage.read.media.get(SOUND_HASH)).toMatchObject({ bytes: SOUND.length });
  }, 90_000);

  it('that cannot be placed leaves the old tables, also where none were moved aside', async () => {
    const place = async (databaseUrl: string, inTheWay: string) => {
      const { file, passphrase } = await backupOf(filled, { databaseUrl: url });
      const options = { dataFolder: old, databaseUrl, file, passphrase, now: 0 };
      const { step } = await TASKS.stage(options, nothing);
      await acceptRestore(old, step);
      // What is placed last has no place.
      await mkdir(join(old, 'restoring', 'files', 'data', inTheWay), { recursive: true });
      await mkdir(join(old, step.replaced), { recursive: true });
      await writeFile(join(old, step.replaced, inTheWay), 'x');
      return finishRestore({ dataFolder: old, databaseUrl });
    };
    const url = await freshPostgresDatabase();
    const filled = await dataFolder(url);
    const old = tempDir('old');
    await expect(place(url, 'restored.json')).rejects.toMatchObject({ code: 'restore.undone' });
    const empty = await freshPostgresDatabase();
    await expect(place(empty, 'restored.json')).rejects.toMatchObject({ code: 'restore.undone' });
    expect(await names(old)).toEqual(['restored.json']);
    const storage = openStorage({ url, clock: new SystemClock() });
    await storage.start();
    onTestFinished(() => storage.stop());
    expect(await storage.read.media.get(SOUND_HASH)).toMatchObject({ bytes: SOUND.length });
    const next = openStorage({ url: empty, clock: new SystemClock() });
    await next.start();
    onTestFinished(() => next.stop());
    expect(await next.read.media.get(SOUND_HASH)).toBeNull();
  }, 90_000);
});
