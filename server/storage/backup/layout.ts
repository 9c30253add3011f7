import { join } from 'node:path';

/** The outer file, a plain tar: what to do, the key under the passphrase, and what it opens. */
export const OUTER = { readMe: 'DOC-TRUOC.txt', key: 'key.age', payload: 'backup.tar.age' } as const;

/** Inside `backup.tar.age`. */
export const INNER = {
  sqlite: 'database.sqlite',
  postgresql: 'database.pgdump',
  /** Everything else of the data folder lies below. */
  data: 'data/',
  manifest: 'manifest.json',
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

/** What is not copied as a file: the database goes as a snapshot, audio by what that names; the rest is made anew or is secret in clear text. */
export function isLeftOut(name: string, databaseName: string | null): boolean {
  if (databaseName !== null && (name === databaseName || name.startsWith(`${databaseName}-`))) return true;
  if (databaseName !== null && name.startsWith(`${databaseName}.`)) return true;
  if (name.startsWith(OWN.replaced) || name.endsWith('.new')) return true;
  return ['media', 'uploads', OWN.work, OWN.backups, OWN.restoring, 'first-tokens.txt'].includes(name);
}

/** Path of a stored audio file, relative to the data folder: as the content store lays it out. */
export function mediaPath(sha256: string): string {
  return `media/${sha256.slice(0, 2)}/${sha256}`;
}

export function inData(dataFolder: string, path: string): string {
  return join(dataFolder, ...path.split('/'));
}
