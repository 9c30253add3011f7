import BetterSqlite3 from 'better-sqlite3';
import { BACKUP_SETTING } from '../../domain/backup/backup-settings.ts';
import { sqlitePath, withPostgres } from './snapshot.ts';

/** What a backup from the terminal has to know, read beside a controller that may be running. */
export interface DatabaseFacts {
  /** The stored backup settings (JSON), or null. */
  readonly settings: string | null;
  /** Roots of the territory, oldest first. */
  readonly roots: readonly { readonly id: string; readonly zone: string | null }[];
}

const SETTING = `SELECT "value" FROM "Setting" WHERE "name" = '${BACKUP_SETTING}'`;
const ROOTS = 'SELECT "id", "zone" FROM "Area" WHERE "parentId" IS NULL ORDER BY "createdAt"';

type Roots = { id: string; zone: string | null }[];

export async function readDatabaseFacts(databaseUrl: string): Promise<DatabaseFacts> {
  const path = sqlitePath(databaseUrl);
  if (path === null)
    return withPostgres(databaseUrl, async (client) => ({
      settings: (await client.query<{ value: string }>(SETTING)).rows[0]?.value ?? null,
      roots: (await client.query<Roots[number]>(ROOTS)).rows,
    }));
  const database = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
  try {
    const row = database.prepare(SETTING).get() as { value: string } | undefined;
    return { settings: row?.value ?? null, roots: database.prepare(ROOTS).all() as Roots };
  } finally {
    database.close();
  }
}
