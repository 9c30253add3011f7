import type { BackupOrder, MadeBackup, OnProgress } from '../../domain/backup/backup-maker.ts';
import type { CountedUse } from '../../domain/backup/storage-use.ts';
import { type SealedKey, sealNewKey } from './age.ts';
import { makeBackup } from './make-backup.ts';
import { copyBackup } from './places.ts';
import { type RestorePlace, type StagedRestore, type StageOptions, stageRestore } from './restore.ts';
import { countUse } from './usage.ts';

/** What the process of a task can be asked for, and what it gives. */
export interface WorkerTasks {
  readonly make: { readonly input: BackupOrder; readonly output: MadeBackup };
  readonly copy: {
    readonly input: {
      readonly from: string;
      readonly folder: string;
      readonly name: string;
      readonly sha256: string;
    };
    readonly output: null;
  };
  readonly sealKey: {
    readonly input: { readonly passphrase: string; readonly rootKey: string | null };
    readonly output: SealedKey;
  };
  readonly use: { readonly input: RestorePlace; readonly output: CountedUse };
  readonly stage: { readonly input: Omit<StageOptions, 'onBytes'>; readonly output: StagedRestore };
}

export type TaskName = keyof WorkerTasks;
/** What it is told to do, once. */
export interface WorkerTask {
  readonly task: TaskName;
  /** That of this task. */
  readonly input: unknown;
}
export type Progress = Parameters<OnProgress>[0] | { readonly bytes: number; readonly total: number };

/** How each is done, in whatever process. */
export const TASKS: {
  readonly [Name in TaskName]: (
    input: WorkerTasks[Name]['input'],
    onProgress: (progress: Progress) => void,
  ) => Promise<WorkerTasks[Name]['output']>;
} = {
  make: (order, onProgress) => makeBackup(order, onProgress),
  copy: async ({ from, folder, name, sha256 }, onProgress) => {
    await copyBackup(from, folder, name, sha256, onProgress);
    return null;
  },
  use: (place) => countUse(place),
  sealKey: ({ passphrase, rootKey }) => sealNewKey(passphrase, rootKey),
  stage: (options, onProgress) =>
    stageRestore({ ...options, onBytes: (bytes, total) => onProgress({ bytes, total }) }),
};

/** What a worker says: how far it is, and at last what came of it. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done'; readonly output: unknown }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly params: Readonly<Record<string, string | number | boolean | null>>;
    }
  | { readonly kind: 'failed'; readonly message: string };
