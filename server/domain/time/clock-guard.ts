import { type Clock, type Instant, Lifecycle, type Milliseconds, repeat } from '#kit';
import { DomainError } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import { record } from '../audit/record.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';

/** The machine's running time; a port, so that tests can suspend and reboot. */
export interface BootTime {
  /** Names this boot; null where the system does not tell. */
  readonly bootId: string | null;
  /** ms since some start, time in suspend included; never backwards. */
  elapsed(): Milliseconds;
}

/** Another clock that deserves belief. */
export interface TimeWitness {
  /** Whether the wall clock is kept by NTP just now; never rejects. */
  synchronised(): Promise<boolean>;
}

/** A step of the wall clock against the running time that is believed without a witness. */
export const BELIEVED_STEP_MS: Milliseconds = 60_000;
const CHECK_EVERY_MS: Milliseconds = 10_000;
const MARK_EVERY_MS: Milliseconds = 60_000;

/** Setting that holds the last trusted instant. */
export const CLOCK_MARK = 'clock.mark';

/** The last moment at which the wall clock was trusted. `elapsed` counts within the boot of this id. */
interface Mark {
  readonly wall: Instant;
  readonly elapsed: Milliseconds;
  readonly bootId: string | null;
  /** A dispute was open: another boot does not end it. */
  readonly disputed: boolean;
}

/** Why the wall clock is in doubt. */
export interface ClockDispute {
  /** By the wall clock, when it was noticed. */
  readonly since: Instant;
  /** How far the wall clock is from where it should be; null where only the direction is known. */
  readonly offMs: Milliseconds | null;
}

export interface ClockGuardOptions {
  readonly clock: Clock;
  readonly boot: BootTime;
  readonly witness: TimeWitness;
  readonly storage: Storage;
  /** Told when a dispute begins or ends. */
  readonly onChange?: (dispute: ClockDispute | null) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Watches the controller's own wall clock against the machine's running time. A step of more than 60 s is a dispute: nothing is
 * planned or issued until the clock steps back, NTP agrees or an administrator confirms it.
 *
 * agreed → disputed: a step, or at start a wall clock before the last trusted instant · disputed → agreed: as above.
 */
export class ClockGuard extends Lifecycle {
  readonly #options: ClockGuardOptions;
  #mark: Mark | undefined;
  #dispute: ClockDispute | null = null;
  #asking = false;
  /** Marks of this process: where boots have no names only these can be compared in time. */
  readonly #own = new WeakSet<Mark>();

  constructor(options: ClockGuardOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { storage, clock, onError } = this.#options;
    const stored = await storage.read.settings.get(CLOCK_MARK);
    this.#mark = stored === null ? this.#here(false) : (JSON.parse(stored) as Mark);
    this.#dispute = null;
    if (!this.#agrees()) await this.#settleWith(this.#disputeNow());
    if (this.#dispute === null) this.#mark = this.#here(false);
    await this.#store();
    const checks = repeat(clock, 'clock: check', CHECK_EVERY_MS, () => this.#round(), onError);
    const marks = repeat(clock, 'clock: mark', MARK_EVERY_MS, () => this.#store(), onError);
    this.disposers.defer('clock checks', () => {
      checks.cancel();
      marks.cancel();
    });
  }

  /** The dispute that is open now; looks at the clock first, so that no step is acted on. */
  get dispute(): ClockDispute | null {
    this.#check();
    return this.#dispute;
  }

  get disputed(): boolean {
    return this.dispute !== null;
  }

  /** Throws `schedule.clock_disputed` while the clock is in doubt. */
  require(): void {
    if (this.disputed) throw new DomainError('schedule.clock_disputed');
  }

  /** A person vouches for the wall clock as it is now. */
  async confirm(tx: Transaction, actor: Actor): Promise<void> {
    const { clock } = this.#options;
    const now = clock.now();
    const off = this.dispute?.offMs ?? null;
    await record(tx, now, actor, 'clock.confirm', 'controller', { now: Math.floor(now), offMs: off });
    await tx.settings.put(CLOCK_MARK, JSON.stringify(this.#here(false)), Math.floor(now));
    tx.afterCommit(() => {
      this.#mark = this.#here(false);
      this.#change(null);
    });
  }

  async #round(): Promise<void> {
    this.#check();
    if (this.#dispute !== null) await this.#askWitness();
  }

  /** Compares; what agrees is the next thing to be compared with. */
  #check(): void {
    if (this.#mark === undefined) return;
    if (this.#agrees()) {
      this.#mark = this.#here(false);
      if (this.#dispute !== null) this.#change(null);
      return;
    }
    if (this.#dispute !== null) return;
    this.#change(this.#disputeNow());
    this.background(this.#round(), this.#options.onError);
    this.background(this.#store(), this.#options.onError);
  }

  #agrees(): boolean {
    const mark = this.#mark;
    if (mark === undefined) return true;
    const off = this.#offMs(mark);
    const { clock } = this.#options;
    if (off !== null) return Math.abs(off) <= BELIEVED_STEP_MS;
    // Of another boot it is only known that time has gone on since, and no reboot ends a dispute.
    return !mark.disputed && clock.now() >= mark.wall - BELIEVED_STEP_MS;
  }

  #offMs({ wall, elapsed }: Mark): Milliseconds | null {
    const { clock, boot } = this.#options;
    return this.#sameBoot() ? clock.now() - (wall + boot.elapsed() - elapsed) : null;
  }

  #sameBoot(): boolean {
    const mark = this.#mark;
    if (mark === undefined) return false;
    const { bootId } = this.#options.boot;
    return bootId === null ? this.#own.has(mark) : mark.bootId === bootId;
  }

  async #askWitness(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#settleWith(this.#dispute);
    } finally {
      this.#asking = false;
    }
  }

  async #settleWith(dispute: ClockDispute | null): Promise<void> {
    if (!(await this.#options.witness.synchronised())) {
      if (this.#dispute === null && dispute !== null) this.#change(dispute);
      return;
    }
    this.#mark = this.#here(false);
    if (this.#dispute !== null) this.#change(null);
  }

  #change(dispute: ClockDispute | null): void {
    this.#dispute = dispute;
    this.#options.onChange?.(dispute);
  }

  #disputeNow(): ClockDispute {
    const off = this.#mark === undefined ? null : this.#offMs(this.#mark);
    return { since: Math.floor(this.#options.clock.now()), offMs: off === null ? null : Math.round(off) };
  }

  #here(disputed: boolean): Mark {
    const { clock, boot } = this.#options;
    const mark = { wall: clock.now(), elapsed: boot.elapsed(), bootId: boot.bootId, disputed };
    this.#own.add(mark);
    return mark;
  }

  /** While in doubt the last trusted moment stays. */
  async #store(): Promise<void> {
    if (this.#mark === undefined) return;
    this.#check();
    const mark: Mark = { ...this.#mark, disputed: this.#dispute !== null };
    await this.#options.storage.transaction((tx) =>
      tx.settings.put(CLOCK_MARK, JSON.stringify(mark), Math.floor(this.#options.clock.now())),
    );
  }
}
