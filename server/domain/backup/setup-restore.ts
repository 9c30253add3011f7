import { Lifecycle } from '#kit';
import { DomainError, isDomainError, type RestoreState } from '#protocols';
import type { SetupGuard } from '../setup/setup-guard.ts';
import { printedPassphrase } from './passphrase.ts';

/** Where an incoming backup is kept, and how it is unpacked. */
export interface RestoreStage {
  /** Takes a file in, durable when it resolves. Throws `backup.no_room`. */
  receive(source: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<void>;
  /** Unpacks and checks it beside what is there. Throws `backup.…`; then nothing of it is left. Gives the snapshot's time. */
  stage(
    passphrase: string,
    onBytes: (bytes: number, total: number) => void,
  ): Promise<{ readonly backupAt: number }>;
  discard(): Promise<void>;
}

export interface SetupRestoreOptions {
  readonly guard: SetupGuard;
  /** Whether nobody has done anything with this controller yet. */
  readonly isFresh: () => Promise<boolean>;
  readonly stage: RestoreStage;
  /** Starts the controller again, on what was put back. */
  readonly restart: () => void;
  readonly onError: (error: unknown) => void;
}

const NOTHING: RestoreState = { phase: 'none', bytes: 0, total: 0, backupAt: null, error: null };

/**
 * A backup put back on the first-run page: none → receiving → reading → ready (then the controller starts again) or failed, from
 * where it may be tried again.
 */
export class SetupRestore extends Lifecycle {
  readonly #options: SetupRestoreOptions;
  #state: RestoreState = NOTHING;

  constructor(options: SetupRestoreOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    this.#state = NOTHING;
  }

  /** Throws `setup.…`. */
  state(secret: string): RestoreState {
    this.#options.guard.check(secret);
    return this.#state;
  }

  /** Before a byte is read. Throws `setup.…`, `restore.busy`. */
  async admit(secret: string): Promise<void> {
    const { guard, isFresh } = this.#options;
    guard.check(secret);
    if (!(await isFresh())) throw new DomainError('setup.done');
    const { phase } = this.#state;
    if (phase !== 'none' && phase !== 'failed') throw new DomainError('restore.busy', { phase });
  }

  /** Takes the file in; resolves when it is all here, and goes on by itself. Call `admit` first. Throws `upload.cut_off`, `backup.no_room`. */
  async begin(passphrase: string, source: AsyncIterable<Uint8Array>): Promise<RestoreState> {
    const { stage, onError } = this.#options;
    this.#state = { ...NOTHING, phase: 'receiving' };
    try {
      await stage.receive(untilCutOff(source), (bytes) => {
        this.#state = { ...this.#state, bytes, total: bytes };
      });
    } catch (error) {
      await stage.discard();
      this.#fail(error);
      throw error;
    }
    this.#state = { ...this.#state, phase: 'reading', bytes: 0 };
    this.background(this.#read(printedPassphrase(passphrase)), onError);
    return this.#state;
  }

  async #read(passphrase: string): Promise<void> {
    const { stage, restart, onError } = this.#options;
    try {
      const { backupAt } = await stage.stage(passphrase, (bytes, total) => {
        this.#state = { ...this.#state, bytes, total };
      });
      this.#state = { ...this.#state, phase: 'ready', backupAt };
      restart();
    } catch (error) {
      this.#fail(error);
      if (!isDomainError(error)) onError(error);
    }
  }

  #fail(error: unknown): void {
    const { code, message, params } = isDomainError(error)
      ? error
      : new DomainError('backup.damaged', { reason: 'it could not be read' });
    this.#state = { ...this.#state, phase: 'failed', error: { code, message, params: { ...params } } };
  }
}

/** What is sent, with a line that breaks told apart from a disk that fails and from a file that is damaged. Throws `upload.cut_off`. */
async function* untilCutOff(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let bytes = 0;
  try {
    for await (const piece of source) {
      bytes += piece.byteLength;
      yield piece;
    }
  } catch (cause) {
    throw new DomainError('upload.cut_off', { megabytes: Math.floor(bytes / 1024 ** 2) }, { cause });
  }
}
