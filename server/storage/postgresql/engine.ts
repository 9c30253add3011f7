import { PrismaPg } from '@prisma/adapter-pg';
import type { Clock, DisposerStack, Milliseconds } from '#kit';
import { type Client, postgresqlClient } from '../client.ts';
import { type Access, type Engine, PRISMA_LIMITS } from '../engine.ts';
import { NotOwner, StorageStartError } from '../errors.ts';
import type { StorageLog } from '../options.ts';
import { PostgresqlFastPath } from './fast-path.ts';
import { migratePostgresql } from './migrate.ts';
import { PostgresqlOwner } from './owner.ts';

/** Connections that read. One writes: transactions run one at a time. */
const READERS = 4;

interface PostgresqlEngineOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: StorageLog;
  readonly busyLimitMs: number;
}

/** PostgreSQL through two pools: one reads only, one runs transactions, whose statements wait for a foreign lock no longer than the limit. */
export class PostgresqlEngine implements Engine {
  readonly provider = 'postgresql';
  readonly reader: Access;
  readonly #options: PostgresqlEngineOptions;
  readonly #readClient: Client;
  readonly #writeClient: Client;
  readonly #owner: PostgresqlOwner;

  constructor(options: PostgresqlEngineOptions) {
    this.#options = options;
    const { url, clock, log } = options;
    this.#owner = new PostgresqlOwner({ url, shownUrl: withoutPassword(url), clock, log });
    this.#readClient = this.#client(READERS, '-c default_transaction_read_only=on');
    this.#writeClient = this.#client(
      1,
      `-c synchronous_commit=on -c lock_timeout=${Math.ceil(options.busyLimitMs)}`,
    );
    this.reader = access(this.#readClient);
  }

  async open(disposers: DisposerStack): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#owner.acquire();
    } catch (cause) {
      if (cause instanceof StorageStartError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageStartError(
        'unusable',
        `PostgreSQL at "${withoutPassword(this.#options.url)}" cannot be reached (${reason}): start it, or correct the database URL`,
        { cause },
      );
    }
    disposers.defer('owner connection', () => this.#owner.release());
    const applied = await migratePostgresql(this.#owner.connection);
    if (applied.length > 0) log.info({ applied }, 'database migrated');
    await this.#owner.sign();
    for (const client of [this.#writeClient, this.#readClient]) {
      disposers.defer('database connections', () => client.$disconnect());
      await client.$queryRawUnsafe('SELECT 1');
    }
  }

  get owned(): boolean {
    return this.#owner.owned;
  }

  async attempt<Result>(
    run: (access: Access) => Promise<Result>,
    lockWaitMs?: Milliseconds,
  ): Promise<Result> {
    if (!this.owned) throw new NotOwner();
    return this.#writeClient.$transaction(async (models) => {
      if (lockWaitMs !== undefined)
        await models.$executeRawUnsafe(`SET LOCAL lock_timeout = ${Math.ceil(lockWaitMs)}`);
      return run(access(models));
    }, PRISMA_LIMITS);
  }

  #client(connections: number, options: string): Client {
    const onError = (err: Error) => this.#options.log.warn({ err }, 'a database connection was lost');
    return postgresqlClient(
      new PrismaPg(
        { connectionString: this.#options.url, max: connections, options, connectionTimeoutMillis: 5_000 },
        { onPoolError: onError, onConnectionError: onError },
      ),
    );
  }
}

function access(models: Access['models']): Access {
  return { provider: 'postgresql', models, fast: new PostgresqlFastPath(() => models) };
}

/** A database URL that may be shown. */
function withoutPassword(url: string): string {
  try {
    const shown = new URL(url);
    if (shown.password !== '') shown.password = '***';
    return shown.href;
  } catch {
    return 'the configured URL';
  }
}
