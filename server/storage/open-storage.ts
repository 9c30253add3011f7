import { DatabaseStorage } from './database-storage.ts';
import { StorageStartError } from './errors.ts';
import { LastKnown } from './last-known.ts';
import { DEFAULT_BUSY_LIMIT_MS, SILENT_LOG, type StorageOptions } from './options.ts';
import { PostgresqlEngine } from './postgresql/engine.ts';
import { SqliteEngine } from './sqlite/engine.ts';

/**
 * The storage of a database URL; `start()` owns, migrates and connects it. Stores may be handed on before. Throws
 * `StorageStartError` (`unusable`) for a URL of another kind.
 */
export function openStorage(options: StorageOptions): DatabaseStorage {
  const { url, clock, log = SILENT_LOG, busyLimitMs = DEFAULT_BUSY_LIMIT_MS } = options;
  const engine = (() => {
    if (/^file:./.test(url))
      return new SqliteEngine({ path: url.slice('file:'.length), clock, log, busyLimitMs });
    if (/^postgres(ql)?:\/\//.test(url)) return new PostgresqlEngine({ url, clock, log, busyLimitMs });
    throw new StorageStartError(
      'unusable',
      'the database URL is of an unknown kind: expected "file:/path/loa.db" or "postgresql://user:password@host/database"',
    );
  })();
  const lastKnown = engine.provider === 'postgresql' ? { lastKnown: new LastKnown(clock) } : {};
  return new DatabaseStorage({ engine, clock, log, busyLimitMs, ...lastKnown });
}
