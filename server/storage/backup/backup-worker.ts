import { Worker } from 'node:worker_threads';
import { type Clock, Lifecycle, type Milliseconds } from '#kit';
import { DomainError, isErrorCode } from '#protocols';
import type { BackupMaker, BackupOrder, MadeBackup, OnProgress } from '../../domain/backup/backup-maker.ts';
import type { CountedUse } from '../../domain/backup/storage-use.ts';
import type { SealedKey } from './age.ts';
import type { RestorePlace, StagedRestore, StageOptions } from './restore.ts';
import type { Progress, TaskName, WorkerMessage, WorkerTasks } from './worker-tasks.ts';

/** A backup that gets no further for so long is given up: nobody can end what waits for a share whose server is gone. */
const SILENCE_MS: Milliseconds = 30 * 60_000;

/** Does each task in a worker thread of its own; `stop` gives up what is under way. */
export class BackupWorker extends Lifecycle implements BackupMaker {
  readonly #script: URL;
  readonly #clock: Clock;
  readonly #workers = new Set<Worker>();

  /** `script`: the built `worker.js`. */
  constructor(options: { readonly clock: Clock; readonly script?: URL }) {
    super();
    this.#clock = options.clock;
    this.#script = options.script ?? new URL('./worker.js', import.meta.url);
  }

  protected async onStart(): Promise<void> {
    this.disposers.defer('backup workers', async () => {
      await Promise.all([...this.#workers].map((worker) => worker.terminate()));
    });
  }

  make(order: BackupOrder, onProgress: OnProgress): Promise<MadeBackup> {
    return this.#writing('make', order, order.folder, onProgress);
  }

  async copy(
    from: string,
    folder: string,
    name: string,
    sha256: string,
    onProgress: OnProgress,
  ): Promise<void> {
    await this.#writing('copy', { from, folder, name, sha256 }, folder, onProgress);
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

  /** Throws `backup.place_unusable` where the folder keeps silent. */
  async #writing<Name extends 'make' | 'copy'>(
    task: Name,
    input: WorkerTasks[Name]['input'],
    folder: string,
    onProgress: OnProgress,
  ): Promise<WorkerTasks[Name]['output']> {
    const silence = new AbortController();
    const watch = () =>
      this.#clock.setTimer('a backup that gets no further', SILENCE_MS, () => silence.abort(gone));
    const gone = new DomainError('backup.place_unusable', {
      folder,
      reason: `it has not answered for ${SILENCE_MS / 60_000} minutes`,
      expected: 'a drive or a share that can be reached',
    });
    let timer = watch();
    try {
      return await this.#run(
        task,
        input,
        (progress) => {
          timer.cancel();
          timer = watch();
          if ('phase' in progress) onProgress(progress);
        },
        silence.signal,
      );
    } finally {
      timer.cancel();
    }
  }

  /** `givenUp`: rejects with its reason; what the thread waits for is left to it. */
  async #run<Name extends TaskName>(
    task: Name,
    input: WorkerTasks[Name]['input'],
    onProgress: (progress: Progress) => void = () => undefined,
    givenUp?: AbortSignal,
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
        givenUp?.addEventListener('abort', () => reject(givenUp.reason));
        worker.on('error', reject);
        worker.on('exit', () => reject(new Error('the backup was given up: the controller stops')));
      });
    } finally {
      this.#workers.delete(worker);
      const ended = worker.terminate();
      // Where not even that ends it, it keeps no controller from stopping.
      if (givenUp?.aborted === true) worker.unref();
      else await ended;
    }
  }
}

function errorOf(code: string, params: Readonly<Record<string, string | number | boolean | null>>): Error {
  return isErrorCode(code) ? new DomainError(code, params) : new Error(code);
}
