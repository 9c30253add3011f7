import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, Lifecycle, type Milliseconds } from '#kit';
import { DomainError, isDomainError, isErrorCode } from '#protocols';
import type { BackupMaker, BackupOrder, MadeBackup, OnProgress } from '../../domain/backup/backup-maker.ts';
import type { CountedUse } from '../../domain/backup/storage-use.ts';
import type { SealedKey } from './age.ts';
import type { RestorePlace, StagedRestore, StageOptions } from './restore.ts';
import type { Progress, TaskName, WorkerMessage, WorkerTask, WorkerTasks } from './worker-tasks.ts';

/** A backup that gets no further for so long is given up: what waits for a share whose server is gone waits without end. */
const SILENCE_MS: Milliseconds = 30 * 60_000;
/** So long at most a stop waits for what was killed: it may hang where the system itself cannot end it. */
const END_PATIENCE_MS: Milliseconds = 2_000;
const STOPPING = 'it was given up: the controller stops';

/**
 * Does each task in a process of its own: what waits for a share that does not answer can be ended with it, where a thread would keep this
 * process from ending and hold one of the few through which its files go. `stop` gives up what is under way.
 */
export class BackupWorker extends Lifecycle implements BackupMaker {
  readonly #script: URL;
  readonly #clock: Clock;
  readonly #children = new Set<ChildProcess>();
  #stopping = false;

  /** `script`: the built `worker.js`. */
  constructor(options: { readonly clock: Clock; readonly script?: URL }) {
    super();
    this.#clock = options.clock;
    this.#script = options.script ?? new URL('./worker.js', import.meta.url);
  }

  protected async onStart(): Promise<void> {
    this.#stopping = false;
    this.disposers.defer('backup processes', async () => {
      this.#stopping = true;
      await Promise.all([...this.#children].map((child) => this.#end(child)));
    });
  }

  make(order: BackupOrder, onProgress: OnProgress): Promise<MadeBackup> {
    return this.#writing('make', order, [order.folder], onProgress);
  }

  async copy(
    from: string,
    folder: string,
    name: string,
    sha256: string,
    onProgress: OnProgress,
  ): Promise<void> {
    await this.#writing('copy', { from, folder, name, sha256 }, [folder, from], onProgress);
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

  /** Throws `backup.place_stalled` or `backup.copy_stalled` where nothing goes on in these places, `backup.given_up` at a stop. */
  async #writing<Name extends 'make' | 'copy'>(
    task: Name,
    input: WorkerTasks[Name]['input'],
    [folder, from]: readonly [folder: string, from?: string],
    onProgress: OnProgress,
  ): Promise<WorkerTasks[Name]['output']> {
    const silence = new AbortController();
    const minutes = SILENCE_MS / 60_000;
    const gone =
      from === undefined
        ? new DomainError('backup.place_stalled', { folder, minutes })
        : new DomainError('backup.copy_stalled', { folder, source: from, minutes });
    const watch = () =>
      this.#clock.setTimer('a backup that gets no further', SILENCE_MS, () => silence.abort(gone));
    let timer = watch();
    const go = (progress: Progress) => {
      timer.cancel();
      timer = watch();
      if ('phase' in progress) onProgress(progress);
    };
    try {
      return await this.#run(task, input, go, silence.signal);
    } catch (error) {
      throw this.#stopping && !isDomainError(error) ? new DomainError('backup.given_up') : error;
    } finally {
      timer.cancel();
    }
  }

  /** `givenUp`: rejects with its reason. */
  async #run<Name extends TaskName>(
    task: Name,
    input: WorkerTasks[Name]['input'],
    onProgress: (progress: Progress) => void = () => undefined,
    givenUp?: AbortSignal,
  ): Promise<WorkerTasks[Name]['output']> {
    if (this.#stopping) throw new Error(STOPPING);
    // Without the flags of this process: a test's conditions would lead it to the sources.
    const child = fork(fileURLToPath(this.#script), [], {
      ...{ execArgv: [], serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
      // A group of its own, which `pg_dump` is in.
      detached: true,
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    try {
      return await new Promise((resolve, reject) => {
        givenUp?.addEventListener('abort', () => reject(givenUp.reason));
        child.on('message', (message: WorkerMessage) => {
          switch (message.kind) {
            case 'progress':
              return onProgress(message.progress);
            case 'done':
              // Made by the task of this name, in this program's own process.
              return resolve(message.output as WorkerTasks[Name]['output']);
            case 'refused':
              return reject(errorOf(message.code, message.params));
            case 'failed':
              return reject(new Error(message.message));
          }
        });
        child.on('error', reject);
        child.on('exit', (code, signal) => {
          const ended = `the process of the backup ended (${signal ?? `exit code ${code}`})`;
          reject(new Error(this.#stopping ? STOPPING : ended));
        });
        child.send({ task, input } satisfies WorkerTask);
      });
    } finally {
      await this.#end(child);
    }
  }

  /** Ends it, and waits until it is gone, but not for ever. */
  async #end(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return;
    killGroup(child);
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer('a backup that does not end', END_PATIENCE_MS, () => {
        child.unref();
        child.channel?.unref();
        resolve();
      });
      child.once('exit', () => {
        timer.cancel();
        resolve();
      });
    });
  }
}

/** With whatever it has started. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Gone already, or a system without groups.
    child.kill('SIGKILL');
  }
}

function errorOf(code: string, params: Readonly<Record<string, string | number | boolean | null>>): Error {
  return isErrorCode(code) ? new DomainError(code, params) : new Error(code);
}
