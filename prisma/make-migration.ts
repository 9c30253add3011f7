/**
 * Writes the migration that takes databases to what prisma/models say now:
 * `node dist/prisma/make-migration.js NAME [postgresql://…]`. The URL is of a PostgreSQL where a scratch database may be
 * made; without it only SQLite's part is written. What it writes is a draft: read it, and move data where it would drop any.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SystemClock } from '#kit';
import { openStorage } from '../server/storage/index.ts';
import { type Provider, schemaDifference } from './schema-engine.ts';

const [name, postgresUrl] = process.argv.slice(2);
if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
  process.stderr.write(
    'usage: node dist/prisma/make-migration.js NAME [postgresql://…]   (NAME: a-z, 0-9, _)\n',
  );
  process.exitCode = 2;
} else {
  await forSqlite(name);
  if (postgresUrl !== undefined) await forPostgresql(name, postgresUrl);
}

async function forSqlite(title: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'loa-migration-'));
  try {
    await write('sqlite', title, `file:${join(folder, 'scratch.db')}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function forPostgresql(title: string, url: string): Promise<void> {
  const scratch = `loa_migration_${process.pid}`;
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${scratch}`);
    const target = new URL(url);
    target.pathname = `/${scratch}`;
    await write('postgresql', title, target.href);
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${scratch} WITH (FORCE)`);
    await admin.end();
  }
}

/** Applies the migrations that exist, then writes what is still missing. */
async function write(provider: Provider, title: string, url: string): Promise<void> {
  const storage = openStorage({ url, clock: new SystemClock() });
  await storage.start();
  await storage.stop();
  const sql = await schemaDifference(
    provider,
    url,
    await readFile(`prisma/generated/${provider}.prisma`, 'utf8'),
  );
  if (sql === '') {
    process.stdout.write(`${provider}: the migrations yield the models already\n`);
    return;
  }
  const migrations = join('prisma', provider, 'migrations');
  const made = (await readdir(migrations, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const folder = join(migrations, `${String(made.length + 1).padStart(4, '0')}_${title}`);
  await mkdir(folder);
  await writeFile(join(folder, 'migration.sql'), sql);
  process.stdout.write(`${provider}: wrote ${join(folder, 'migration.sql')}\n`);
}
