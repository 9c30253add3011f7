import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { backoff, type Clock, type DisposerStack, delay } from '#kit';
import { type Client, sqliteClient } from '../client.ts';
import { type Access, type Engine, PRISMA_LIMITS } from '../engine.ts';
import { isRetryable, StorageStartError } from '../errors.ts';
import type { StorageLog } from '../options.ts';
import { Breath } from './breath.ts';
import { SqliteConnection } from './connection.ts';
import { SqliteFastPath } from './fast-path.ts';
import { migrateSqlite } from './migrate.ts';
import { ownDatabase } from './owner-lock.ts';

interface SqliteEngineOptions {
  /** The database file. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: StorageLog;
  readonly busyLimitMs: number;
}

/**
 * SQLite in one file: one connection writes, another one reads beside it (WAL), so that a read neither waits for a
 * transaction of this process nor sees the uncommitted half of it.
 */
export class SqliteEngine implements Engine {
  readonly provider = 'sqlite';
  /** The lock on the owner's file ends with the process, and not before. */
  readonly owned = true;
  readonly reader: Access;
  readonly #options: SqliteEngineOptions;
  readonly #readClient: Client;
  readonly #writeClient: Client;
  readonly #writeFast: SqliteFastPath;
  #ready = false;

  constructor(options: SqliteEngineOptions) {
    const path = resolve(options.path);
    this.#options = { ...options, path };
    const ready = () => this.#ready;
    const breath = new Breath();
    const reading = new SqliteConnection({ path, readonly: true, ready, breath });
    const writing = new SqliteConnection({ path, readonly: false, ready, breath });
    this.#readClient = sqliteClient(reading);
    this.#writeClient = sqliteClient(writing);
    this.#writeFast = new SqliteFastPath(() => writing.database(), breath);
    this.reader = {
      provider: this.provider,
      models: this.#readClient,
      fast: new SqliteFastPath(() => reading.database(), breath),
    };
  }

  async open(disposers: DisposerStack): Promise<void> {
    const { path, log } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    const applied = await this.#ownAndMigrate(disposers);
    if (applied.length > 0) log.info({ path, applied }, 'database migrated');
    this.#ready = true;
    disposers.defer('database file', () => {
      this.#ready = false;
    });
    // The first statement opens a connection, the writing one first: it makes the files that the reading one needs.
    for (const client of [this.#writeClient, this.#readClient]) {
      disposers.defer('database connection', () => client.$disconnect());
      await client.$queryRawUnsafe('SELECT 1');
    }
  }

  attempt<Result>(run: (access: Access) => Promise<Result>): Promise<Result> {
    return this.#writeClient.$transaction(
      (models) => run({ provider: this.provider, models, fast: this.#writeFast }),
      PRISMA_LIMITS,
    );
  }

  async #ownAndMigrate(disposers: DisposerStack): Promise<string[]> {
    const { path } = this.#options;
    try {
      disposers.defer('owner lock', ownDatabase(path));
      return await this.#migrate();
    } catch (cause) {
      if (!(cause instanceof BetterSqlite3.SqliteError)) throw cause;
      throw new StorageStartError(
        'unusable',
        `the database "${path}" cannot be used (${cause.message}): correct the database URL, or put a backup in its place`,
        { cause },
      );
    }
  }

  /** Migrates, waiting as long as a transaction would while another process holds the file. */
  async #migrate(): Promise<string[]> {
    const { path, clock, busyLimitMs } = this.#options;
    const deadline = clock.monotonic() + busyLimitMs;
    for (const pause of backoff({ baseMs: 20, maxMs: 200 })) {
      try {
        return await migrateSqlite(path);
      } catch (cause) {
        if (!isRetryable(cause)) throw cause;
        if (clock.monotonic() >= deadline)
          throw new StorageStartError(
            'busy',
            `another program holds the database "${path}": close it and start again`,
            { cause },
          );
      }
      await delay(clock, 'storage: database held at start', pause);
    }
    throw new Error('an endless backoff ended');
  }
}
