import { Worker } from 'node:worker_threads';
import { Lifecycle } from '#kit';
import { DomainError, isErrorCode } from '#protocols';
import type { BackupMaker, BackupOrder, MadeBackup, OnProgress } from '../../domain/backup/backup-maker.ts';
import type { CountedUse } from '../../domain/backup/storage-use.ts';
import type { SealedKey } from './age.ts';
import type { RestorePlace, StagedRestore, StageOptions } from './restore.ts';
import type { Progress, TaskName, WorkerMessage, WorkerTasks } from './worker-tasks.ts';

/** Does each task in a worker thread of its own; `stop` gives up what is under way. */
export class BackupWorker extends Lifecycle implements BackupMaker {
  readonly #script: URL;
  readonly #workers = new Set<Worker>();

  /** `script`: the built `worker.js`. */
  constructor(options: { readonly script?: URL } = {}) {
    super();
    this.#script = options.script ?? new URL('./worker.js', import.meta.url);
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('backup workers', async () => {
      await Promise.all([...this.#workers].map((worker) => worker.terminate()));
    });
  }

  make(order: BackupOrder, onProgress: OnProgress): Promise<MadeBackup> {
    return this.#run('make', order, (progress) => {
      if ('phase' in progress) onProgress(progress);
    });
  }

  async copy(from: string, folder: string, name: string, sha256: string): Promise<void> {
    await this.#run('copy', { from, folder, name, sha256 });
  }

  sealKey(passphrase: string, rootKey: string): Promise<SealedKey> {
    return this.#run('sealKey', { passphrase, rootKey });
  }

  /** What the controller takes of its disk. */
  use(place: RestorePlace): Promise<CountedUse> {
    return this.#run('use', place);
  }

  stage({ onBytes, ...options }: StageOptions): Promise<StagedRestore> {
    return this.#run('stage', options, (progress) => {
      if ('total' in progress) onBytes(progress.bytes, progress.total);
    });
  }

  async #run<Name extends TaskName>(
    task: Name,
    input: WorkerTasks[Name]['input'],
    onProgress: (progress: Progress) => void = () => undefined,
  ): Promise<WorkerTasks[Name]['output']> {
    // Without the flags of this process: a test's conditions would lead the thread to the sources.
    const worker = new Worker(this.#script, { workerData: { task, input }, execArgv: [] });
    this.#workers.add(worker);
    try {
      return await new Promise((resolve, reject) => {
        worker.on('message', (message: WorkerMessage) => {
          switch (message.kind) {
            case 'progress':
              return onProgress(message.progress);
            case 'done':
              // Made by the task of this name, in this program's own thread.
              return resolve(message.output as WorkerTasks[Name]['output']);
            case 'refused':
              return reject(errorOf(message.code, message.params));
            case 'failed':
              return reject(new Error(message.message));
          }
        });
        worker.on('error', reject);
        worker.on('exit', () => reject(new Error('the backup was given up: the controller stops')));
      });
    } finally {
      this.#workers.delete(worker);
      await worker.terminate();
    }
  }
}

function errorOf(code: string, params: Readonly<Record<string, string | number | boolean | null>>): Error {
  return isErrorCode(code) ? new DomainError(code, params) : new Error(code);
}
