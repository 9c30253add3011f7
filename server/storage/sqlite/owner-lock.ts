import BetterSqlite3 from 'better-sqlite3';
import { StorageStartError } from '../errors.ts';

/**
 * Makes this process the one owner of a database file, until the returned function is called or the process ends,
 * however it ends: the system itself lets the lock go, so no stale lock is ever left behind. Throws
 * `StorageStartError` (`owned`) when another process is the owner.
 */
export function ownDatabase(path: string): () => void {
  const lock = new BetterSqlite3(`${path}.owner`, { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (cause instanceof BetterSqlite3.SqliteError && cause.code.startsWith('SQLITE_BUSY'))
      throw new StorageStartError(
        'owned',
        `another controller is running on "${path}": stop it first, or give this one a data folder of its own`,
        { cause },
      );
    throw cause;
  }
  return () => lock.close();
}
