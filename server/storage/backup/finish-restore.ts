import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { firstLineOf, syncFolder, writeFileAtomic } from '#kit';
import { DomainError } from '#protocols';
import { RESTORED_MARK, type Restored } from '../../domain/backup/restored.ts';
import { INNER, isHarmless } from './layout.ts';
import { mergeInto } from './placing.ts';
import {
  postgresTables,
  type RestorePlace,
  type RestoreStep,
  readStep,
  restoringFolder,
  writeStep,
} from './restore.ts';
import { POSTGRES_SCHEMA, postgresTool, sqlitePath, withPostgres } from './snapshot.ts';
import { undoRestore } from './undo-restore.ts';

/**
 * Puts what was unpacked and checked in its place; what was there is moved aside, and nothing deleted. Each step may be cut off and is
 * gone on with by the next call: the controller calls it before it opens anything. Null when there is nothing to do. What cannot be placed
 * is undone. Throws `restore.undone`: all is as before; `restore.stuck`: not even that could be done.
 */
export async function finishRestore(place: RestorePlace): Promise<Restored | null> {
  const { dataFolder } = place;
  const step = await readStep(dataFolder);
  if (step === null) {
    // What was cut off while it was unpacked is worth nothing.
    await rm(restoringFolder(dataFolder), { recursive: true, force: true });
    return null;
  }
  if (step.step === 'take_back' || step.step === 'put_back') return giveUp(place, step);
  let reached = step;
  try {
    if (step.step === 'aside') {
      await moveAside(place, step);
      reached = { ...step, step: 'place' };
      await writeStep(dataFolder, reached);
    }
    return await placeAll(place, reached);
  } catch (error) {
    // A database that does not answer yet is no reason to go back.
    if (isAway(error)) throw error;
    const reason = firstLineOf(error);
    return giveUp(place, { ...reached, step: reached.step === 'place' ? 'take_back' : 'put_back', reason });
  }
}

async function placeAll(place: RestorePlace, step: RestoreStep): Promise<Restored> {
  const { dataFolder } = place;
  const restoring = restoringFolder(dataFolder);
  await placeDatabase(place, join(restoring, 'files'));
  await mergeInto(join(restoring, 'files', INNER.data), dataFolder);
  const replaced = await rmdir(join(dataFolder, step.replaced)).then(
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

async function giveUp(place: RestorePlace, step: RestoreStep): Promise<never> {
  const { dataFolder } = place;
  const { reason = 'it was cut off', replaced } = step;
  try {
    await writeStep(dataFolder, step);
    await undoRestore(place, step);
  } catch (cause) {
    if (isAway(cause)) throw cause;
    const aside = join(dataFolder, replaced);
    throw new DomainError(
      'restore.stuck',
      { reason: `${reason}; ${firstLineOf(cause)}`, aside, restoring: restoringFolder(dataFolder) },
      { cause },
    );
  }
  throw new DomainError('restore.undone', { reason });
}

/** Whether an error is of a database that cannot be reached. */
function isAway(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', '57P03'].includes(code);
}

async function moveAside({ dataFolder, databaseUrl }: RestorePlace, step: RestoreStep): Promise<void> {
  const aside = join(dataFolder, step.replaced);
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
    // Earlier versions packed what a restore had moved aside as well.
    const only = `--schema=${POSTGRES_SCHEMA}`;
    await postgresTool(
      'pg_restore',
      ['--single-transaction', '--exit-on-error', '--no-owner', only, dump],
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
