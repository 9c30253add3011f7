import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeFileAtomic } from '#kit';
import { RESTORED_MARK, type Restored } from '../../domain/backup/restored.ts';
import { INNER } from './layout.ts';
import {
  isHarmless,
  postgresTables,
  type RestorePlace,
  type RestoreStep,
  readStep,
  restoringFolder,
  writeStep,
} from './restore.ts';
import { postgresTool, sqlitePath, withPostgres } from './snapshot.ts';

/**
 * Puts what was unpacked and checked in its place; what was there is moved aside, and nothing deleted. Each step may be cut off and is
 * gone on with by the next call: the controller calls it before it opens anything. Null when there is nothing to do.
 */
export async function finishRestore(place: RestorePlace): Promise<Restored | null> {
  const { dataFolder } = place;
  const restoring = restoringFolder(dataFolder);
  let step = await readStep(dataFolder);
  if (step === null) {
    // What was cut off while it was unpacked is worth nothing.
    await rm(restoring, { recursive: true, force: true });
    return null;
  }
  const aside = join(dataFolder, step.replaced);
  if (step.step === 'aside') {
    await moveAside(place, step, aside);
    step = { ...step, step: 'place' };
    await writeStep(dataFolder, step);
  }
  await placeDatabase(place, join(restoring, 'files'));
  await placeFiles(dataFolder, join(restoring, 'files', INNER.data));
  const replaced = await rmdir(aside).then(
    () => null,
    () => step.replaced,
  );
  const { backupAt, restoredAt, file, sha256 } = step;
  const restored: Restored = { v: 1, backupAt, restoredAt, file, sha256, replaced };
  await writeFileAtomic(join(dataFolder, RESTORED_MARK), `${JSON.stringify(restored)}\n`, 0o600);
  await rm(restoring, { recursive: true });
  await syncFolder(dataFolder);
  return restored;
}

async function moveAside(
  { dataFolder, databaseUrl }: RestorePlace,
  step: RestoreStep,
  aside: string,
): Promise<void> {
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const name of await readdir(dataFolder))
    if (!isHarmless(name)) await rename(join(dataFolder, name), join(aside, name));
  const path = sqlitePath(databaseUrl);
  // A database outside the data folder stays on its disk.
  if (path !== null)
    for (const end of ['-wal', '-shm', '.owner', ''])
      if (existsSync(`${path}${end}`)) await rename(`${path}${end}`, `${path}.${step.replaced}${end}`);
  if (path === null && (await postgresTables(databaseUrl)) > 0)
    await withPostgres(databaseUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(`ALTER SCHEMA public RENAME TO "${step.replaced}"`);
      await client.query('CREATE SCHEMA public');
      await client.query('COMMIT');
    });
  await syncFolder(aside);
  await syncFolder(dataFolder);
}

async function placeDatabase({ databaseUrl }: RestorePlace, files: string): Promise<void> {
  const path = sqlitePath(databaseUrl);
  if (path === null) {
    if ((await postgresTables(databaseUrl)) > 0) return;
    const dump = join(files, INNER.postgresql);
    await postgresTool(
      'pg_restore',
      ['--single-transaction', '--exit-on-error', '--no-owner', dump],
      databaseUrl,
    );
    return;
  }
  const from = join(files, INNER.sqlite);
  if (!existsSync(from)) return;
  await mkdir(dirname(path), { recursive: true });
  await rename(from, path).catch(async (error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await copyFile(from, `${path}.new`);
    const copy = await open(`${path}.new`, 'r+');
    await copy.sync().finally(() => copy.close());
    await rename(`${path}.new`, path);
  });
  await syncFolder(dirname(path));
}

async function placeFiles(dataFolder: string, from: string): Promise<void> {
  for (const name of await readdir(from).catch(() => [] as string[]))
    await rename(join(from, name), join(dataFolder, name));
  await syncFolder(dataFolder);
}
