import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StorageStartError } from './errors.ts';
import { ownDatabase } from './sqlite/owner-lock.ts';

/** The lock is the file "controller.owner" of the data folder, whatever database there is; SQLite keeps a journal beside it. */
const LOCK = 'controller';
const LOCK_FILES = [`${LOCK}.owner`, `${LOCK}.owner-journal`];

export function isLockFile(name: string): boolean {
  return LOCK_FILES.includes(name);
}

/**
 * Makes this process the only one that works on a data folder, until the returned function is called or the process ends: a controller
 * for as long as it runs, a restore from its first step to its last. Makes the folder where it is missing. Throws `StorageStartError`
 * (`owned`, `unusable`), and what `mkdir` throws.
 */
export function holdDataFolder(dataFolder: string): () => void {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  try {
    return ownDatabase(join(dataFolder, LOCK));
  } catch (cause) {
    const owned = cause instanceof StorageStartError;
    throw new StorageStartError(
      owned ? 'owned' : 'unusable',
      owned
        ? `another controller, or the restore of a backup, is at work on "${dataFolder}": stop it first, or give this one a data folder of its own`
        : `nothing can be written in "${dataFolder}": set LOA_DATA to a folder that this user may write`,
      { cause },
    );
  }
}
