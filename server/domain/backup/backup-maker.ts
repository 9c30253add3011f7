import type { Instant } from '#kit';
import type { SkippedFile } from '#protocols';

/** One backup to be made. */
export interface BackupOrder {
  readonly databaseUrl: string;
  readonly dataFolder: string;
  /** Where the file goes. */
  readonly folder: string;
  readonly areaId: string;
  readonly at: Instant;
  readonly version: string;
  /** Number of the sheet, and what was made with it. */
  readonly sheet: number;
  readonly recipient: string;
  readonly keyFile: string;
}

/** A backup that was written, read back and opened. */
export interface MadeBackup {
  readonly name: string;
  readonly at: Instant;
  readonly bytes: number;
  readonly sha256: string;
  readonly files: number;
  /** Audio files that the database names and the disk did not have whole. */
  readonly missing: number;
  /** Files of the data folder that could not be read or packed. */
  readonly skipped: readonly SkippedFile[];
}

export type BackupPhase = 'snapshot' | 'write' | 'verify' | 'copy';

export type OnProgress = (progress: { readonly phase: BackupPhase; readonly bytes: number }) => void;

/** What makes backups, away from the event loop. */
export interface BackupMaker {
  make(order: BackupOrder, onProgress: OnProgress): Promise<MadeBackup>;
  /** Copies a backup into another folder, whole and read back there. */
  copy(from: string, folder: string, name: string, sha256: string, onProgress: OnProgress): Promise<void>;
  /** A new key under a passphrase, and beside it the raw root key of this controller. */
  sealKey(
    passphrase: string,
    rootKey: string,
  ): Promise<{ readonly recipient: string; readonly keyFile: string }>;
}
