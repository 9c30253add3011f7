import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { DomainError, isDomainError } from '#protocols';
import { ownMigrations } from '../migrations.ts';
import { isOfDisk } from './disk-errors.ts';
import { INNER } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { postgresTool } from './snapshot.ts';

/** What of an archive has to lie in a folder for `checkRestored` and `authenticate`. */
export function isChecked(path: string): boolean {
  return !path.startsWith(INNER.data) || path.startsWith(`${INNER.data}keys/`);
}

/**
 * Opens the database that was read back from an archive as a controller would: it is whole and of a shape that this program knows. Throws
 * `backup.damaged`, `backup.newer`, `backup.tool_failed`.
 */
export async function checkRestored(folder: string, manifest: Manifest): Promise<void> {
  const known = new Set((await ownMigrations(manifest.provider)).map(({ name }) => name));
  const unknown = manifest.migrations.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new DomainError('backup.newer', { made: unknown, own: [...known].at(-1) ?? 'nothing' });
  if (manifest.provider === 'sqlite') checkSqlite(join(folder, INNER.sqlite));
  else await postgresTool('pg_restore', ['--list', join(folder, INNER.postgresql)]);
}

function checkSqlite(file: string): void {
  const database = new BetterSqlite3(file, { readonly: true, fileMustExist: true });
  try {
    const said = database.pragma('integrity_check', { simple: true });
    if (said !== 'ok')
      throw new DomainError('backup.damaged', {
        reason: `its database is not whole: ${String(said).slice(0, 100)}`,
      });
  } catch (cause) {
    if (isDomainError(cause) || isOfDisk(cause)) throw cause;
    throw new DomainError('backup.damaged', { reason: 'its database cannot be opened' }, { cause });
  } finally {
    database.close();
  }
}
