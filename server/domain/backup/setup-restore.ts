import { type Clock, firstLineOf, Lifecycle, type Timer } from '#kit';
import {
  type BackupFacts,
  DomainError,
  isDomainError,
  type RestoreConfirmation,
  type RestoreState,
} from '#protocols';
import type { SetupGuard } from '../setup/setup-guard.ts';
import { toldError } from '../told-error.ts';
import { requireConfirmed } from './confirmation.ts';
import { printedPassphrase } from './passphrase.ts';

/** So long what was sent lies there for another passphrase, or for somebody to say that it is the right one. */
const KEPT_MS = 30 * 60_000;

/** Where an incoming backup is kept, and how it is unpacked. One at a time. */
export interface RestoreStage {
  /** Takes a file in, durable when it resolves, in the place of what is there. Throws `backup.place_full`, `backup.disk_failed`. */
  receive(source: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<void>;
  /** Unpacks and checks it beside what is there. Throws `backup.…`; the file that came in stays. */
  stage(passphrase: string, onBytes: (bytes: number, total: number) => void): Promise<BackupFacts>;
  /** From here on each start puts in its place what was staged. */
  accept(): Promise<void>;
  discard(): Promise<void>;
}

export interface SetupRestoreOptions {
  readonly guard: SetupGuard;
  /** Whether nobody has done anything with this controller yet. */
  readonly isFresh: () => Promise<boolean>;
  readonly stage: RestoreStage;
  readonly clock: Clock;
  /** Where loudspeakers would look for this machine. */
  readonly ownUrl: string;
  /** Starts the controller again, on what was put back. */
  readonly restart: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * A backup put back on the first-run page: none → receiving → reading → confirm → ready (then the controller starts again), or failed, from
 * where it may be tried again: after a wrong passphrase with the file that is here. What waits is one file, for half an hour.
 */
export class SetupRestore extends Lifecycle {
  readonly #options: SetupRestoreOptions;
  readonly #nothing: RestoreState;
  #state: RestoreState;
  #expiry: Timer | null = null;

  constructor(options: SetupRestoreOptions) {
    super();
    this.#options = options;
    const { ownUrl } = options;
    this.#nothing = { phase: 'none', bytes: 0, total: 0, facts: null, keptUntil: null, ownUrl, error: null };
    this.#state = this.#nothing;
  }

  protected async onStart(): Promise<void> {
    this.#state = this.#nothing;
    this.disposers.defer('what waits', async () => this.#keepNoLonger());
  }

  /** Throws `setup.…`. */
  state(secret: string): RestoreState {
    this.#options.guard.check(secret);
    return this.#state;
  }

  /** Before a byte is read. Throws `setup.…`, `restore.busy`. */
  async admit(secret: string): Promise<void> {
    await this.#requireFresh(secret);
    this.#requireIdle();
  }

  /** Takes the file in; resolves when it is all here, and goes on by itself. Call `admit` first. Throws `restore.busy`, `upload.cut_off`, `backup.place_full`, `backup.disk_failed`. */
  async begin(passphrase: string, source: AsyncIterable<Uint8Array>): Promise<RestoreState> {
    const { stage } = this.#options;
    this.#requireIdle();
    this.#keepNoLonger();
    this.#state = { ...this.#nothing, phase: 'receiving' };
    try {
      await stage.receive(untilCutOff(source), (bytes) => {
        this.#state = { ...this.#state, bytes, total: bytes };
      });
    } catch (error) {
      await stage.discard().catch(this.#options.onError);
      this.#fail(error);
      throw error;
    }
    return this.#open(passphrase);
  }

  /** Another passphrase for the file that is here. Throws `setup.…`, `restore.not_kept`. */
  async tryAgain(secret: string, passphrase: string): Promise<RestoreState> {
    await this.#requireFresh(secret);
    if (this.#state.phase !== 'failed' || this.#state.keptUntil === null)
      throw new DomainError('restore.not_kept');
    return this.#open(passphrase);
  }

  /** Somebody's word that what was shown is the backup to be put back; then the controller starts again. Throws `setup.…`, `restore.not_kept`, `restore.unconfirmed`. */
  async confirm(secret: string, said: RestoreConfirmation): Promise<RestoreState> {
    const { stage, restart } = this.#options;
    await this.#requireFresh(secret);
    const { phase, facts } = this.#state;
    if (phase !== 'confirm' || facts === null) throw new DomainError('restore.not_kept');
    requireConfirmed(facts, said);
    this.#keepNoLonger();
    this.#state = { ...this.#state, phase: 'ready', keptUntil: null };
    try {
      await stage.accept();
    } catch (error) {
      await stage.discard().catch(this.#options.onError);
      this.#fail(error);
      throw error;
    }
    restart();
    return this.#state;
  }

  /** Gives up what waits. Throws `setup.…`, `restore.busy`. */
  async cancel(secret: string): Promise<RestoreState> {
    this.#options.guard.check(secret);
    this.#requireIdle();
    this.#keepNoLonger();
    this.#state = this.#nothing;
    await this.#options.stage.discard();
    return this.#state;
  }

  #requireIdle(): void {
    const { phase } = this.#state;
    if (phase !== 'none' && phase !== 'failed' && phase !== 'confirm')
      throw new DomainError('restore.busy', { phase });
  }

  async #requireFresh(secret: string): Promise<void> {
    const { guard, isFresh } = this.#options;
    guard.check(secret);
    if (!(await isFresh())) throw new DomainError('setup.done');
  }

  #open(passphrase: string): RestoreState {
    this.#keepNoLonger();
    this.#state = { ...this.#nothing, phase: 'reading' };
    this.background(this.#read(printedPassphrase(passphrase)), this.#options.onError);
    return this.#state;
  }

  async #read(passphrase: string): Promise<void> {
    const { stage, onError } = this.#options;
    try {
      const facts = await stage.stage(passphrase, (bytes, total) => {
        this.#state = { ...this.#state, bytes, total };
      });
      this.#state = { ...this.#state, phase: 'confirm', facts, keptUntil: this.#keep() };
    } catch (error) {
      // What was sent is good for another try; all else that is wrong with it is wrong for good.
      const again = isDomainError(error, 'backup.wrong_passphrase');
      if (!again) await stage.discard().catch(onError);
      this.#fail(error, again ? this.#keep() : null);
      if (!isDomainError(error)) onError(error);
    }
  }

  /** From now on what is here is let go of after a while; gives when. */
  #keep(): number {
    const { clock, stage, onError } = this.#options;
    this.#keepNoLonger();
    this.#expiry = clock.setTimer('a backup that nobody asks for', KEPT_MS, () => {
      this.#expiry = null;
      this.#fail(new DomainError('restore.not_kept'));
      this.background(stage.discard(), onError);
    });
    return Math.floor(clock.now()) + KEPT_MS;
  }

  #keepNoLonger(): void {
    this.#expiry?.cancel();
    this.#expiry = null;
  }

  #fail(error: unknown, keptUntil: number | null = null): void {
    const told = isDomainError(error)
      ? error
      : new DomainError('restore.failed', { reason: firstLineOf(error) });
    this.#state = { ...this.#nothing, phase: 'failed', keptUntil, error: toldError(told) };
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
