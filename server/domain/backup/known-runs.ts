import type { BackupRun } from '#protocols';
import type { BackupLog } from './backup-log.ts';

export interface KnownRunsOptions {
  readonly log: BackupLog;
  /** Told once for each reason why the log is not kept. */
  readonly onError: (error: unknown) => void;
}

/** What became of each run: what the log says, and what it has not taken yet, which is tried again. */
export class KnownRuns {
  readonly #options: KnownRunsOptions;
  #all: readonly BackupRun[] = [];
  readonly #unkept: BackupRun[] = [];
  #busy: Promise<void> = Promise.resolve();
  #failure: string | null = null;

  constructor(options: KnownRunsOptions) {
    this.#options = options;
  }

  /** Newest last. */
  get all(): readonly BackupRun[] {
    return this.#all;
  }

  /** Why the log is not kept, until it is again; null: it is. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Again and again: what somebody made at the terminal counts as well. */
  read(): Promise<void> {
    return this.#next(async () => {
      this.#all = [...(await this.#options.log.read()), ...this.#unkept];
    });
  }

  add(run: BackupRun): Promise<void> {
    this.#all = [...this.#all, run];
    this.#unkept.push(run);
    return this.#next(async () => undefined);
  }

  /** Puts into the log what it has not taken, the oldest first, and then does `work`. One after the other, so that nothing is in it twice. */
  #next(work: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      try {
        for (let run = this.#unkept[0]; run !== undefined; run = this.#unkept[0]) {
          await this.#options.log.append(run);
          this.#unkept.shift();
        }
        await work();
        this.#failure = null;
      } catch (error) {
        this.#tell(error);
      }
    });
    return this.#busy;
  }

  #tell(error: unknown): void {
    const failure = error instanceof Error ? error.message : String(error);
    if (failure === this.#failure) return;
    this.#failure = failure;
    this.#options.onError(error);
  }
}
