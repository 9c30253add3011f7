import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { DomainError, importSigningKey, isDomainError } from '#protocols';
import { followStatements } from '../../domain/keys/statement-chain.ts';
import { KeyFiles } from '../key-files.ts';
import { ownMigrations } from '../migrations.ts';
import { INNER } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { postgresTool } from './snapshot.ts';

/** What of an archive has to lie in a folder for `checkRestored`. */
export function isChecked(path: string): boolean {
  return !path.startsWith(INNER.data) || path.startsWith(`${INNER.data}keys/`);
}

/**
 * Opens what was read back from an archive as a controller would: the database is whole and of a shape that this program knows,
 * and the key statements name the operational key. Throws `backup.damaged`, `backup.newer`, `backup.tool_failed`.
 */
export async function checkRestored(folder: string, manifest: Manifest): Promise<void> {
  const known = new Set((await ownMigrations(manifest.provider)).map(({ name }) => name));
  const unknown = manifest.migrations.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new DomainError('backup.newer', { made: unknown, own: [...known].at(-1) ?? 'nothing' });
  if (manifest.provider === 'sqlite') checkSqlite(join(folder, INNER.sqlite));
  else await postgresTool('pg_restore', ['--list', join(folder, INNER.postgresql)]);
  await keysIn(join(folder, INNER.data, 'keys'));
}

/** Root keys in force of a key folder. Throws `backup.damaged` when its parts do not belong together. */
export async function keysIn(folder: string): Promise<readonly string[]> {
  try {
    const statements = await new KeyFiles({ folder }).readStatements();
    const operational = importSigningKey(await readFile(join(folder, 'operational.pem'), 'utf8'));
    return (await followStatements(statements, operational.kid)).roots;
  } catch (cause) {
    if (isDomainError(cause, 'backup.damaged')) throw cause;
    const reason = `its keys do not belong together (${cause instanceof Error ? cause.message : 'unreadable'})`;
    throw new DomainError('backup.damaged', { reason }, { cause });
  }
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
    if (isDomainError(cause)) throw cause;
    throw new DomainError('backup.damaged', { reason: 'its database cannot be opened' }, { cause });
  } finally {
    database.close();
  }
}
