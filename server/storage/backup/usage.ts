import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { CountedUse } from '../../domain/backup/storage-use.ts';
import { mediaPath, OWN } from './layout.ts';
import { fileSystemName } from './places.ts';
import { type RestorePlace, restoringFolder } from './restore.ts';
import { snapshotBytes, sqlitePath, withPostgres } from './snapshot.ts';

const COUNTS = `SELECT (SELECT count(*) FROM "HealthReport") AS "health", (SELECT count(*) FROM "JournalRow") AS "journal",
  (SELECT count(*) FROM "AuditEntry") AS "audit"`;
const UNUSED = `SELECT "sha256" FROM "Medium" WHERE NOT EXISTS
  (SELECT 1 FROM "Announcement" WHERE "Announcement"."mediaSha256" = "Medium"."sha256")`;

interface Counts {
  readonly health: number | string;
  readonly journal: number | string;
  readonly audit: number | string;
}

/** Counts what lies on the disk and in the database; reads all of both, so it is for a worker. */
export async function countUse({ dataFolder, databaseUrl }: RestorePlace): Promise<CountedUse> {
  const { bavail, blocks, bsize, type } = await statfs(dataFolder);
  const { counts, unused } = await databaseCounts(databaseUrl);
  const media = await folderUse(join(dataFolder, 'media'));
  const sizes = await Promise.all(
    unused.map((sha256) =>
      stat(join(dataFolder, mediaPath(sha256))).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const replaced = (await readdir(dataFolder)).filter((name) => name.startsWith(OWN.replaced));
  const moved = [...replaced.map((name) => join(dataFolder, name)), restoringFolder(dataFolder)];
  return {
    disk: { totalBytes: blocks * bsize, freeBytes: bavail * bsize, fileSystem: fileSystemName(type) },
    databaseBytes: await snapshotBytes(databaseUrl),
    media: { ...media, unusedFiles: unused.length, unusedBytes: sum(sizes) },
    backupBytes: (await folderUse(join(dataFolder, OWN.backups))).bytes,
    replacedBytes: sum(await Promise.all(moved.map(async (folder) => (await folderUse(folder)).bytes))),
    rows: { health: Number(counts.health), journal: Number(counts.journal), audit: Number(counts.audit) },
  };
}

async function databaseCounts(databaseUrl: string): Promise<{ counts: Counts; unused: string[] }> {
  const path = sqlitePath(databaseUrl);
  if (path === null)
    return withPostgres(databaseUrl, async (client) => {
      const counts = (await client.query<Counts>(COUNTS)).rows[0] ?? { health: 0, journal: 0, audit: 0 };
      const unused = (await client.query<{ sha256: string }>(UNUSED)).rows;
      return { counts, unused: unused.map(({ sha256 }) => sha256) };
    });
  const database = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
  try {
    const counts = database.prepare(COUNTS).get() as Counts;
    const unused = database.prepare(UNUSED).all() as { sha256: string }[];
    return { counts, unused: unused.map(({ sha256 }) => sha256) };
  } finally {
    database.close();
  }
}

async function folderUse(folder: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  let [files, bytes] = [0, 0];
  for (const entry of entries.filter((one) => one.isFile())) {
    const facts = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (facts === undefined) continue;
    files += 1;
    bytes += facts.size;
  }
  return { files, bytes };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
