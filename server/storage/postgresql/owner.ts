import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Clock, Timer } from '#kit';
import { StorageStartError } from '../errors.ts';
import type { StorageLog } from '../options.ts';

/** The advisory lock that the controller of a database holds: "loa" in ASCII. */
const OWNER_LOCK = 0x6c6f61;
/** Setting that holds the name of the last owner. */
const OWNER_SETTING = 'storage.owner';
/** Between two attempts to become the owner again. */
const RETRY_MS = 1_000;
/** A connection that broke without a word is noticed by asking. */
const LOOK_MS = 5_000;

interface PostgresqlOwnerOptions {
  readonly url: string;
  /** For messages: without the password. */
  readonly shownUrl: string;
  readonly clock: Clock;
  readonly log: StorageLog;
}

/**
 * Holds the lock that makes this controller the one owner of a database. The lock is the connection's: with a connection that is lost
 * it is gone, and until it is held again another controller may be at work, so nothing may be written or published.
 */
export class PostgresqlOwner {
  readonly #options: PostgresqlOwnerOptions;
  #client: pg.Client | undefined;
  #timer: Timer | undefined;
  #wanted = false;
  #signed = false;
  /** Names this owner in the database: whoever owned it in between has put another name there. */
  readonly #name = randomUUID();

  constructor(options: PostgresqlOwnerOptions) {
    this.#options = options;
  }

  get owned(): boolean {
    return this.#client !== undefined;
  }

  /** The connection that holds the lock. */
  get connection(): pg.Client {
    if (this.#client === undefined) throw new Error('the database is not owned');
    return this.#client;
  }

  /** Throws `StorageStartError` (`owned`), and what connecting throws. */
  async acquire(): Promise<void> {
    this.#wanted = true;
    await this.#lock();
    this.#look(LOOK_MS);
  }

  /** Puts this owner's name into the database; after the migrations. */
  async sign(): Promise<void> {
    await this.connection.query(
      `INSERT INTO "Setting" ("name", "value", "updatedAt") VALUES ($1, $2, $3)
       ON CONFLICT ("name") DO UPDATE SET "value" = excluded."value", "updatedAt" = excluded."updatedAt"`,
      [OWNER_SETTING, this.#name, Math.floor(this.#options.clock.now())],
    );
    this.#signed = true;
  }

  async release(): Promise<void> {
    this.#wanted = false;
    this.#timer?.cancel();
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #lock(): Promise<void> {
    const { url, shownUrl, log } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: LOOK_MS,
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, undefined));
    let owned = false;
    try {
      await client.connect();
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS owned', [OWNER_LOCK]);
      owned = (rows[0] as { readonly owned: boolean }).owned;
    } finally {
      if (!owned || !this.#wanted)
        await client.end().catch((err: unknown) => log.warn({ err }, 'could not close'));
    }
    if (!owned)
      throw new StorageStartError(
        'owned',
        `another controller is running on "${shownUrl}": stop it first, or give this one a database of its own`,
      );
    if (this.#signed) await this.#requireOwnName(client);
    if (this.#wanted) this.#client = client;
  }

  /** What is held in memory is what was committed, as long as nobody else committed anything. */
  async #requireOwnName(client: pg.Client): Promise<void> {
    const { rows } = await client.query('SELECT "value" FROM "Setting" WHERE "name" = $1', [OWNER_SETTING]);
    if ((rows[0] as { readonly value: string } | undefined)?.value === this.#name) return;
    await client.end();
    throw new StorageStartError(
      'owned',
      `another controller has worked on "${this.#options.shownUrl}" in the meantime: start this one again`,
    );
  }

  #lost(client: pg.Client, error: Error | undefined): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#options.log.error(
      { err: error },
      'the connection that owns the database was lost: nothing is scheduled or published until it is back',
    );
    this.#look(0);
  }

  #look(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#wanted) return;
    this.#timer = this.#options.clock.setTimer('database: owner', delayMs, () => {
      const next = this.#client === undefined ? this.#again() : this.#ask(this.#client);
      void next.then((pauseMs) => this.#look(pauseMs));
    });
  }

  /** Resolves with the pause until the next look; never rejects. */
  async #again(): Promise<number> {
    const { log } = this.#options;
    try {
      await this.#lock();
      if (this.#wanted) log.info({}, 'the database is owned again');
      return LOOK_MS;
    } catch (err) {
      log.warn({ err }, 'the database is not owned yet');
      return RETRY_MS;
    }
  }

  async #ask(client: pg.Client): Promise<number> {
    try {
      await client.query('SELECT 1');
      return LOOK_MS;
    } catch (error) {
      this.#lost(client, error instanceof Error ? error : new Error(String(error)));
      return 0;
    }
  }
}
