import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { syncFolder } from '#kit';
import {
  type AppliedMigration,
  type Migration,
  ownMigrations,
  pendingMigrations,
  RECORD_TABLE,
  SELECT_APPLIED,
} from '../migrations.ts';

/**
 * Brings a database file to this program's shape, creating it where there is none. A file that holds data is copied
 * to `PATH.before-MIGRATION` first. Each migration is one transaction with its record. Returns the names applied.
 * `own` are the migrations known to the program: those of the installation.
 * Throws `StorageStartError`, or SQLITE_BUSY when another process holds the file.
 */
export async function migrateSqlite(path: string, own?: readonly Migration[]): Promise<string[]> {
  const existed = existsSync(path);
  const database = new BetterSqlite3(path, { timeout: 20 });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    const applied = appliedTo(database);
    const pending = pendingMigrations(own ?? (await ownMigrations('sqlite')), applied);
    const [first] = pending;
    if (first === undefined) return [];
    if (applied.length > 0) await copyBeside(database, `${path}.before-${first.name}`);
    for (const migration of pending) apply(database, migration);
    return pending.map(({ name }) => name);
  } finally {
    database.close();
    // A new name in a folder is durable once the folder is.
    if (!existed) await syncFolder(dirname(path));
  }
}

function appliedTo(database: Database): AppliedMigration[] {
  const table = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = '_prisma_migrations'`).get();
  return table === undefined ? [] : (database.prepare(SELECT_APPLIED).all() as AppliedMigration[]);
}

async function copyBeside(database: Database, path: string): Promise<void> {
  const unfinished = `${path}.new`;
  await rm(unfinished, { force: true });
  await database.backup(unfinished);
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

function apply(database: Database, { name, sql, checksum }: Migration): void {
  // Rebuilding a table under enforced references would empty the tables that refer to it. Outside the transaction, where it has an effect.
  database.pragma('foreign_keys = OFF');
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(RECORD_TABLE.sqlite);
    database.exec(sql);
    const broken = database.pragma('foreign_key_check') as unknown[];
    if (broken.length > 0) throw new Error(`migration "${name}" breaks ${broken.length} references`);
    database
      .prepare(
        'INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count") VALUES (?, ?, ?, current_timestamp, 1)',
      )
      .run(randomUUID(), checksum, name);
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
