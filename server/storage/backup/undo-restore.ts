import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '#kit';
import { isHarmless } from './layout.ts';
import { type RestorePlace, type RestoreStep, restoringFolder, writeStep } from './restore.ts';
import { databaseIn, sqlitePath, withPostgres } from './snapshot.ts';

/**
 * Makes a restore undone that could not be placed: what it placed is taken back, what it had moved aside is put back. May be cut off and
 * called again; when it resolves, nothing of the restore is left.
 */
export async function undoRestore(place: RestorePlace, step: RestoreStep): Promise<void> {
  const { dataFolder } = place;
  if (step.step === 'take_back') {
    await takeBack(place, step);
    // From here on what lies in the folder is the old.
    await writeStep(dataFolder, { ...step, step: 'put_back' });
  }
  await putBack(place, step);
  await rmdir(join(dataFolder, step.replaced)).catch(() => undefined);
  await rm(restoringFolder(dataFolder), { recursive: true });
  await syncFolder(dataFolder);
}

/** Everything old lies aside: what is in the place is the backup's, which still exists as the file that it was. */
async function takeBack({ dataFolder, databaseUrl }: RestorePlace, step: RestoreStep): Promise<void> {
  const taken = join(restoringFolder(dataFolder), 'taken-back');
  await mkdir(taken, { recursive: true, mode: 0o700 });
  for (const name of await readdir(dataFolder))
    if (!isHarmless(name)) {
      await rm(join(taken, name), { recursive: true, force: true });
      await rename(join(dataFolder, name), join(taken, name));
    }
  const path = sqlitePath(databaseUrl);
  if (path !== null && databaseIn(dataFolder, databaseUrl) === null)
    for (const end of ['', '-wal', '-shm', '.new']) await rm(`${path}${end}`, { force: true });
  if (path === null && !(await hasSchema(databaseUrl, step.replaced)))
    await inOne(databaseUrl, ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']);
}

async function putBack({ dataFolder, databaseUrl }: RestorePlace, step: RestoreStep): Promise<void> {
  const aside = join(dataFolder, step.replaced);
  for (const name of await readdir(aside).catch(() => [] as string[]))
    await rename(join(aside, name), join(dataFolder, name));
  const path = sqlitePath(databaseUrl);
  if (path !== null)
    for (const end of ['', '-wal', '-shm', '.owner']) {
      const old = `${path}.${step.replaced}${end}`;
      if (existsSync(old)) await rename(old, `${path}${end}`);
    }
  if (path === null && (await hasSchema(databaseUrl, step.replaced)))
    await inOne(databaseUrl, [
      'DROP SCHEMA public CASCADE',
      `ALTER SCHEMA "${step.replaced}" RENAME TO public`,
    ]);
}

function hasSchema(databaseUrl: string, name: string): Promise<boolean> {
  return withPostgres(databaseUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [name]);
    return (rowCount ?? 0) > 0;
  });
}

function inOne(databaseUrl: string, statements: readonly string[]): Promise<void> {
  return withPostgres(databaseUrl, async (client) => {
    for (const statement of ['BEGIN', ...statements, 'COMMIT']) await client.query(statement);
  });
}
