import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import pg from 'pg';
import { DomainError } from '#protocols';
import { ADDRESS_SETTING, knownAddressCodec } from '../../domain/backup/known-address.ts';
import { type Provider, SELECT_APPLIED } from '../migrations.ts';
import { INNER } from './layout.ts';

const run = promisify(execFile);
/** Where the controller's tables lie. Beside it there may be what a restore moved aside ("replaced-…"), and what is not ours. */
export const POSTGRES_SCHEMA = 'public';
const SELECT_MEDIA = 'SELECT "sha256", "chunkListSha256" AS "chunks" FROM "Medium"';
/** Wait for a writer that recovers the file, say; nothing of the controller's waits for this. */
const BUSY_MS = 30_000;

/** A consistent copy of the database and what has to go with it. */
export interface Snapshot {
  readonly provider: Provider;
  /** Where the copy lies. */
  readonly file: string;
  /** Its name in the archive. */
  readonly name: string;
  readonly migrations: readonly string[];
  /** Every stored file that the copy names. */
  readonly media: readonly string[];
  readonly about: About;
}

/** Whose data it is, as the copy says. */
export interface About {
  /** "xã Tân An"; null: the area is not in it. */
  readonly place: string | null;
  /** Loudspeakers in use. */
  readonly speakers: number;
  /** Where loudspeakers look for the controller; null: none has run on it. */
  readonly publicUrl: string | null;
}

/** The path of a SQLite URL; null for PostgreSQL. */
export function sqlitePath(databaseUrl: string): string | null {
  return databaseUrl.startsWith('file:') ? resolve(databaseUrl.slice('file:'.length)) : null;
}

/** Path of the database inside the data folder, with "/", at any depth; null where it lies elsewhere. */
export function databaseIn(dataFolder: string, databaseUrl: string): string | null {
  const path = sqlitePath(databaseUrl);
  if (path === null) return null;
  const inside = relative(realFolder(dataFolder), join(realFolder(dirname(path)), basename(path)));
  return inside.startsWith('..') || isAbsolute(inside) ? null : inside.split(sep).join('/');
}

/** Where a folder really is; of one that is not there yet, where its parent is. Waits for the disk: for the own one alone. */
function realFolder(folder: string): string {
  const path = resolve(folder);
  if (existsSync(path)) return realpathSync(path);
  return path === dirname(path) ? path : join(realFolder(dirname(path)), basename(path));
}

/** Bytes that a snapshot takes at most; PostgreSQL packs its own. */
export async function snapshotBytes(databaseUrl: string): Promise<number> {
  const path = sqlitePath(databaseUrl);
  if (path !== null) {
    const sizes = await Promise.all(
      [path, `${path}-wal`].map((file) =>
        stat(file).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }
  return withPostgres(databaseUrl, async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      'SELECT pg_database_size(current_database()) AS bytes',
    );
    return Number(rows[0]?.bytes ?? 0);
  });
}

/** Takes a snapshot into a folder, beside a controller that works or without one: it reads only, and holds no writer up. */
export async function takeSnapshot(databaseUrl: string, folder: string, areaId: string): Promise<Snapshot> {
  const path = sqlitePath(databaseUrl);
  return path === null ? ofPostgres(databaseUrl, folder, areaId) : ofSqlite(path, folder, areaId);
}

/** SQLite's own copy inside one read transaction: writers go on in the WAL. */
function ofSqlite(path: string, folder: string, areaId: string): Snapshot {
  const file = join(folder, INNER.sqlite);
  const database = new BetterSqlite3(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  try {
    database.prepare('VACUUM INTO ?').run(file);
  } finally {
    database.close();
  }
  const copy = new BetterSqlite3(file, { readonly: true });
  try {
    const migrations = (copy.prepare(SELECT_APPLIED).all() as { name: string }[]).map(({ name }) => name);
    const rows = copy.prepare(SELECT_MEDIA).all() as MediumHashes[];
    const about = aboutOf(copy.prepare(selectAbout('?')).get(areaId) as AboutRow);
    return { provider: 'sqlite', file, name: INNER.sqlite, migrations, media: hashesOf(rows), about };
  } finally {
    copy.close();
  }
}

/** `pg_dump` in the snapshot of a transaction of ours, so that the list of audio is the dump's own. */
async function ofPostgres(databaseUrl: string, folder: string, areaId: string): Promise<Snapshot> {
  const file = join(folder, INNER.postgresql);
  return withPostgres(databaseUrl, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
    const snapshot = rows[0]?.id ?? '';
    const migrations = (await client.query<{ name: string }>(SELECT_APPLIED)).rows.map(({ name }) => name);
    const media = (await client.query<MediumHashes>(SELECT_MEDIA)).rows;
    const about = aboutOf((await client.query<AboutRow>(selectAbout('$1'), [areaId])).rows[0]);
    await postgresTool(
      'pg_dump',
      ['-Fc', '--no-owner', `--schema=${POSTGRES_SCHEMA}`, `--snapshot=${snapshot}`, `--file=${file}`],
      databaseUrl,
    );
    await client.query('COMMIT');
    return {
      ...{ provider: 'postgresql', file, name: INNER.postgresql, migrations },
      ...{ media: hashesOf(media), about },
    };
  });
}

interface AboutRow {
  readonly place: string | null;
  readonly speakers: number | string;
  readonly address: string | null;
}

/** `place`: how the provider writes the first parameter. */
function selectAbout(place: '?' | '$1'): string {
  return `SELECT (SELECT "kind" || ' ' || "name" FROM "Area" WHERE "id" = ${place}) AS "place",
    (SELECT count(*) FROM "Speaker" WHERE "lifecycle" IN ('enrolled', 'active')) AS "speakers",
    (SELECT "value" FROM "Setting" WHERE "name" = '${ADDRESS_SETTING}') AS "address"`;
}

function aboutOf(row: AboutRow | undefined): About {
  const address = row?.address ?? null;
  return {
    place: row?.place ?? null,
    speakers: Number(row?.speakers ?? 0),
    publicUrl: address === null ? null : knownAddressCodec.parse(address).url,
  };
}

interface MediumHashes {
  readonly sha256: string;
  readonly chunks: string;
}

function hashesOf(rows: readonly MediumHashes[]): string[] {
  return [...new Set(rows.flatMap(({ sha256, chunks }) => [sha256, chunks]))].sort();
}

export async function withPostgres<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Runs one of PostgreSQL's programs on a database; the password goes by the environment, not by the list of processes. */
export async function postgresTool(
  tool: 'pg_dump' | 'pg_restore',
  args: readonly string[],
  databaseUrl?: string,
): Promise<string> {
  const env = { ...process.env };
  const all = [...args];
  if (databaseUrl !== undefined) {
    const url = new URL(databaseUrl);
    if (url.password !== '') env['PGPASSWORD'] = decodeURIComponent(url.password);
    url.password = '';
    all.push(`--dbname=${url.href}`);
  }
  try {
    return (await run(tool, all, { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new DomainError(
      'backup.tool_failed',
      {
        tool,
        reason: missing ? 'it is not installed' : said.slice(0, 300),
        cure: 'Install the client programs of the PostgreSQL server’s version (Debian: apt-get install postgresql-client), and see that they are in PATH.',
      },
      { cause },
    );
  }
}
