import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StorageStartError } from './errors.ts';

export type Provider = 'sqlite' | 'postgresql';

/** One step of the database's shape, as it lies in prisma/PROVIDER/migrations. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the SQL's bytes. */
  readonly checksum: string;
}

/** A migration that the database says it went through. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

/** Where applied migrations are recorded: Prisma's own table, so that its tools can read the state. */
export const RECORD_TABLE: Readonly<Record<Provider, string>> = {
  sqlite: `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" TEXT PRIMARY KEY NOT NULL, "checksum" TEXT NOT NULL, "finished_at" DATETIME, "migration_name" TEXT NOT NULL,
    "logs" TEXT, "rolled_back_at" DATETIME, "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0)`,
  postgresql: `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)`,
};

export const SELECT_APPLIED =
  'SELECT "migration_name" AS "name", "checksum" FROM "_prisma_migrations" WHERE "finished_at" IS NOT NULL ORDER BY "migration_name"';

/** This program's migrations of a provider, oldest first. */
export async function ownMigrations(provider: Provider): Promise<Migration[]> {
  const folder = migrationsFolder(provider);
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** What is still to be applied. Throws `StorageStartError` when the database went another way than this program. */
export function pendingMigrations(
  own: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration[] {
  const byName = new Map(own.map((migration) => [migration.name, migration]));
  for (const { name, checksum } of applied) {
    const known = byName.get(name);
    if (known === undefined)
      throw new StorageStartError(
        'newer',
        `the database was made by a newer version of the controller (migration "${name}" is unknown here): update the controller, or restore the backup from before the update`,
      );
    if (known.checksum !== checksum)
      throw new StorageStartError(
        'changed',
        `the database was made with another text of migration "${name}": install the controller's files again`,
      );
  }
  const done = new Set(applied.map(({ name }) => name));
  return own.filter(({ name }) => !done.has(name));
}

/** prisma/PROVIDER/migrations of the installation: above the sources as well as above the build. */
function migrationsFolder(provider: Provider): string {
  const below = join('prisma', provider, 'migrations');
  const start = dirname(fileURLToPath(import.meta.url));
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, below))) return join(at, below);
    if (dirname(at) === at)
      throw new StorageStartError('unusable', `"${below}" is missing: install the controller's files again`);
  }
}
