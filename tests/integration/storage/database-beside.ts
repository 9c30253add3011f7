import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import pg from 'pg';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** An empty database. */
export interface DatabaseBeside {
  readonly url: string;
  /** Runs statements beside the controller. */
  readonly run: (sql: string) => Promise<void>;
}

export async function sqliteBeside(): Promise<DatabaseBeside> {
  const path = join(tempDir('beside'), 'loa.db');
  const run = async (sql: string) => {
    const database = new BetterSqlite3(path);
    try {
      database.exec(sql);
    } finally {
      database.close();
    }
  };
  return { url: `file:${path}`, run };
}

export async function postgresqlBeside(): Promise<DatabaseBeside> {
  const url = await freshPostgresDatabase();
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  return { url, run };
}
