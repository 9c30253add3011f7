import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import type { Database } from 'better-sqlite3';
import type { Breath } from './breath.ts';

type Factory = Pick<PrismaBetterSqlite3, 'provider' | 'adapterName' | 'connect'>;
type Connection = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>;
type DriverTransaction = Awaited<ReturnType<Connection['startTransaction']>>;

/** How long a statement may wait in SQLite itself, where it holds the event loop. The rest of the waiting is asynchronous. */
const BLOCKING_WAIT_MS = 20;

interface ConnectionOptions {
  readonly path: string;
  readonly readonly: boolean;
  /** Whether the database may be used yet: it is migrated first. */
  readonly ready: () => boolean;
  readonly breath: Breath;
}

/**
 * One SQLite connection for a Prisma client, through Prisma's adapter for better-sqlite3, with our settings. Where the
 * adapter begins a transaction deferred, behind a lock of its own that a failing BEGIN never gives back, this one
 * begins it IMMEDIATE without that lock: the caller runs one transaction at a time, and a foreign lock shows before
 * the first statement instead of in the middle.
 */
export class SqliteConnection implements Factory {
  readonly provider = 'sqlite';
  readonly adapterName: string;
  readonly #options: ConnectionOptions;
  readonly #factory: PrismaBetterSqlite3;
  #database: Database | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#factory = new PrismaBetterSqlite3({
      url: options.path,
      timeout: BLOCKING_WAIT_MS,
      readonly: options.readonly,
      fileMustExist: true,
    });
    this.adapterName = this.#factory.adapterName;
  }

  /** The driver's connection, once Prisma has opened it. */
  database(): Database {
    if (this.#database?.open !== true) throw new Error('the database is not open');
    return this.#database;
  }

  async connect(): Promise<Connection> {
    if (!this.#options.ready()) throw new Error('storage is not started');
    const inner = await this.#factory.connect();
    this.#database = driverOf(inner);
    await inner.executeScript(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY',
    );
    return {
      ...this.#statements(inner),
      executeScript: (script) => inner.executeScript(script),
      startTransaction: () => this.#begin(inner),
      dispose: () => inner.dispose(),
    };
  }

  #statements(inner: Connection): Pick<Connection, 'provider' | 'adapterName' | 'queryRaw' | 'executeRaw'> {
    const { breath } = this.#options;
    return {
      provider: inner.provider,
      adapterName: inner.adapterName,
      queryRaw: async (query) => {
        await breath.take();
        return inner.queryRaw(query);
      },
      executeRaw: async (query) => {
        await breath.take();
        return inner.executeRaw(query);
      },
    };
  }

  async #begin(inner: Connection): Promise<DriverTransaction> {
    await inner.executeScript('BEGIN IMMEDIATE');
    const database = this.database();
    // Prisma sends COMMIT or ROLLBACK as a statement and then tells so; a COMMIT that failed leaves the transaction open.
    const close = async () => {
      if (database.open && database.inTransaction) database.exec('ROLLBACK');
    };
    return {
      ...this.#statements(inner),
      options: { usePhantomQuery: false },
      commit: close,
      rollback: close,
    };
  }
}

/** The driver's connection inside the adapter's. Checked, since the adapter does not promise the name. */
function driverOf(connection: Connection): Database {
  const client: unknown = Reflect.get(connection, 'client');
  if (typeof client === 'object' && client !== null && 'prepare' in client && 'inTransaction' in client)
    return client as Database;
  throw new Error('@prisma/adapter-better-sqlite3 no longer keeps its connection in "client"');
}
