import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import {
  type AppliedMigration,
  ownMigrations,
  pendingMigrations,
  RECORD_TABLE,
  SELECT_APPLIED,
} from '../migrations.ts';

/**
 * Brings a PostgreSQL database to this program's shape; each migration is one transaction with its record. Returns
 * the names applied. Copying the data before (`pg_dump`) is the administrator's part. Throws `StorageStartError`.
 */
export async function migratePostgresql(client: Client): Promise<string[]> {
  const { rows: tables } = await client.query(`SELECT to_regclass('"_prisma_migrations"') AS found`);
  const present = (tables[0] as { readonly found: string | null }).found !== null;
  const applied = present ? ((await client.query(SELECT_APPLIED)).rows as AppliedMigration[]) : [];
  const pending = pendingMigrations(await ownMigrations('postgresql'), applied);
  for (const { name, sql, checksum } of pending) {
    await client.query('BEGIN');
    try {
      await client.query(RECORD_TABLE.postgresql);
      await client.query(sql);
      await client.query(
        'INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count") VALUES ($1, $2, $3, now(), 1)',
        [randomUUID(), checksum, name],
      );
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  }
  return pending.map(({ name }) => name);
}
