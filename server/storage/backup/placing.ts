import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '#kit';
import { DomainError } from '#protocols';
import { INNER, isOfDatabase, isWork, OWN } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { databaseIn } from './snapshot.ts';

interface Place {
  readonly dataFolder: string;
  readonly databaseUrl: string;
}

/**
 * Whether a file of an archive is to be put on the disk: not the database's own, which earlier versions packed as well where it lay in a
 * folder of the data folder. The snapshot is the database.
 */
export function isPlaced(path: string, place: Place): boolean {
  if (!path.startsWith(INNER.data)) return true;
  return !isOfDatabase(path.slice(INNER.data.length), databaseIn(place.dataFolder, place.databaseUrl));
}

/**
 * Goes through the placing of an archive's files without the disk: each has to have a place of its own beside the database. Throws
 * `backup.place_unusable`, `backup.damaged`.
 */
export function requireLayout(manifest: Manifest, place: Place): void {
  const database = databaseIn(place.dataFolder, place.databaseUrl);
  const files = new Set<string>();
  for (const { path } of manifest.files)
    if (path.startsWith(INNER.data) && isPlaced(path, place)) files.add(path.slice(INNER.data.length));
  const folders = new Set([...files].flatMap(foldersOf));
  for (const path of files) {
    const [top = ''] = path.split('/');
    if (folders.has(path) || top === OWN.restoring || top.startsWith(OWN.replaced))
      throw new DomainError('backup.damaged', { reason: `"${path}" has no place` });
  }
  if (database === null) return;
  const [top = ''] = database.split('/');
  const taken = folders.has(database) || foldersOf(database).some((folder) => files.has(folder));
  if (taken || top === OWN.restoring || isWork(top) || top.startsWith(OWN.replaced))
    throw new DomainError('backup.place_unusable', {
      folder: database,
      reason: 'files of the backup have that name',
      expected: 'another place for the database in LOA_DATABASE_URL',
    });
}

/** "a/b/c" lies in "a" and "a/b". */
function foldersOf(path: string): string[] {
  const steps = path.split('/').slice(0, -1);
  return steps.map((_, at) => steps.slice(0, at + 1).join('/'));
}

/** Moves what lies in one folder into another, which may hold folders of the same names; may be cut off and called again. */
export async function mergeInto(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    const there = await stat(target).catch(() => undefined);
    if (entry.isDirectory() && there?.isDirectory()) await mergeInto(source, target);
    else await rename(source, target);
  }
  await syncFolder(to);
}
