import { isAbsolute, join, relative, sep } from 'node:path';
import { isLockFile } from '../folder-lock.ts';

/** The outer file, a plain tar: what to do, the key under the passphrase, and what it opens. */
export const OUTER = { readMe: 'DOC-TRUOC.txt', key: 'key.age', payload: 'backup.tar.age' } as const;

/** Inside `backup.tar.age`. */
export const INNER = {
  sqlite: 'database.sqlite',
  postgresql: 'database.pgdump',
  /** Everything else of the data folder lies below. */
  data: 'data/',
  manifest: 'manifest.json',
  /** The controller's word that this is its list; earlier versions gave none. */
  signature: 'manifest.jws',
} as const;

/** Names in the data folder that have to do with backups themselves. */
export const OWN = {
  /** Snapshots on their way into an archive; removed at the start. */
  work: 'backup-work',
  /** The default destination. */
  backups: 'backups',
  /** A backup that is being put back. */
  restoring: 'restoring',
  /** What a restore moved aside: "replaced-…". */
  replaced: 'replaced-',
} as const;

/** What file systems and other programs put into any folder: no part of a controller. */
const FOREIGN = new Set([
  ...['lost+found', '.DS_Store', '.Spotlight-V100', '.fseventsd', '.Trashes', '.directory'],
  ...['Thumbs.db', 'desktop.ini', 'System Volume Information', '$RECYCLE.BIN'],
]);

/** Nothing of a controller, or only to do with backups: a data folder that holds nothing else is empty. */
export function isHarmless(name: string): boolean {
  if (FOREIGN.has(name) || name.startsWith('.Trash-') || name.startsWith(OWN.replaced)) return true;
  return name === OWN.restoring || name === OWN.backups || isLockFile(name);
}

/** Whether a path in the data folder is the database's there (null: it is not there), with all that SQLite and we keep beside it. */
export function isOfDatabase(path: string, database: string | null): boolean {
  if (database === null || !path.startsWith(database)) return false;
  const end = path.slice(database.length);
  return (
    ['', '-wal', '-shm', '-journal', '.owner', '.owner-journal'].includes(end) ||
    /^\.(before|replaced)-/.test(end)
  );
}

/**
 * What of the data folder is not copied as a file: the database goes as a snapshot, audio by what that names; the rest is made anew, is
 * secret in clear text, or is nothing of ours.
 */
export function isLeftOut(path: string, database: string | null): boolean {
  if (isOfDatabase(path, database) || path.endsWith('.new')) return true;
  if (path.includes('/')) return false;
  return isHarmless(path) || isWork(path) || ['media', 'uploads', 'first-tokens.txt'].includes(path);
}

/** A folder of snapshots on their way: the usual one, or one of a user's own beside it. */
export function isWork(name: string): boolean {
  return name === OWN.work || name.startsWith(`${OWN.work}-`);
}

/** Path of a stored audio file, relative to the data folder: as the content store lays it out. */
export function mediaPath(sha256: string): string {
  return `media/${sha256.slice(0, 2)}/${sha256}`;
}

export function inData(dataFolder: string, path: string): string {
  return join(dataFolder, ...path.split('/'));
}

/** Where a path of an archive lies below a folder; null where it would leave that, whatever else found nothing wrong with it. */
export function below(folder: string, path: string): string | null {
  const target = join(folder, ...path.split('/'));
  const inside = relative(folder, target);
  const leaves = inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  return leaves ? null : target;
}
