import type { BackupRun } from '#protocols';

/** What became of each run, beside the data and not in the database: a program that only reads that may write here. */
export interface BackupLog {
  /** Newest last; what is not readable is left out. */
  read(): Promise<BackupRun[]>;
  append(run: BackupRun): Promise<void>;
}
