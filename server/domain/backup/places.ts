import type { DomainError } from '#protocols';
import type { BackupName } from './backup-name.ts';

/** A folder that backups are to go to, as it is now. */
export interface PlaceFacts {
  readonly present: boolean;
  /** Why it is not. */
  readonly problem: DomainError | null;
  readonly fileSystem: string | null;
  readonly freeBytes: number | null;
  /** On the disk of the data folder or of the system: what takes the box takes the backup with it. */
  readonly ownDisk: boolean;
  /** No disk at all: `ownDisk` too. */
  readonly inMemory: boolean;
  readonly isFile: boolean;
  /** Where it really is: without "..", "." and links, as far as it is there. */
  readonly path: string;
}

export interface KeptBackup extends BackupName {
  readonly bytes: number;
}

/** The folders that backups are kept in. */
export interface Places {
  look(folder: string): Promise<PlaceFacts>;
  /** Backups by name, newest first; none where the folder is not there. */
  list(folder: string): Promise<KeptBackup[]>;
  remove(folder: string, name: string): Promise<void>;
  make(folder: string): Promise<void>;
}
