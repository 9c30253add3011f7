import { backoff, type Clock, delay, Exclusive, Lifecycle } from '#kit';
import { DomainError } from '#protocols';
import type { Storage, Transaction, TransactionLimits } from '../domain/unit-of-work.ts';
import type { UrgentReads } from '../domain/urgent/urgent-reads.ts';
import type { Engine } from './engine.ts';
import { isDiskFull, isRetryable, LostRace, NotOwner } from './errors.ts';
import type { LastKnown } from './last-known.ts';
import type { StorageLog } from './options.ts';
import { ActiveSchedules } from './stores/active-schedules.ts';
import { createStores, type StorageStores } from './stores/index.ts';
import { readSchedules } from './stores/schedule-store.ts';

interface DatabaseStorageOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: StorageLog;
  readonly busyLimitMs: number;
  /** For a database that a foreign lock may close to readers; left out where reads never wait. */
  readonly lastKnown?: LastKnown;
}

/** Attempts that lose a race for one idempotency key before the caller is told. */
const MOST_RACES = 5;

/**
 * The stores over one database. Transactions run one at a time, in the order in which they were asked for: SQLite can do
 * no other, and on both a fold (read a delivery, apply an entry, write it back) cannot lose another's. Reads never wait.
 */
export class DatabaseStorage extends Lifecycle implements Storage {
  readonly read: StorageStores;
  readonly #options: DatabaseStorageOptions;
  readonly #queue = new Exclusive();
  readonly #schedules: ActiveSchedules;
  #stopping = new AbortController();

  constructor(options: DatabaseStorageOptions) {
    super();
    this.#options = options;
    const { engine } = options;
    this.#schedules = new ActiveSchedules({
      read: (ids) => readSchedules(engine.reader.models, ids),
      owned: () => engine.owned,
    });
    this.read = createStores(engine.reader, this.#schedules);
  }

  protected async onStart(): Promise<void> {
    this.#stopping = new AbortController();
    this.#schedules.forget();
    await this.#options.engine.open(this.disposers);
    await this.#options.lastKnown?.load(this.read);
    this.disposers.defer('running transactions', async () => {
      this.#stopping.abort(new DomainError('storage.busy'));
      await this.#queue.run(() => this.idle());
    });
  }

  /**
   * As the port says. A transaction that does not get its turn within the limit is given up with `storage.busy`: so one that was
   * asked for inside another, which would wait for itself, ends as an error instead of holding up all that follow. (To
   * notice the nesting at once would take Node's async hooks, which cost a fifth of everything the process does.)
   */
  transaction<Result>(
    work: (tx: Transaction & StorageStores) => Promise<Result>,
    limits: TransactionLimits = {},
  ): Promise<Result> {
    if (!this.running) return Promise.reject(new Error('storage is not started'));
    const { clock, busyLimitMs } = this.#options;
    const patienceMs = Math.min(limits.patienceMs ?? busyLimitMs, busyLimitMs);
    const deadline = clock.monotonic() + patienceMs;
    const result = new Promise<Result>((resolve, reject) => {
      let waiting = true;
      const patience = clock.setTimer('storage: turn', patienceMs, () => {
        waiting = false;
        reject(new DomainError('storage.busy'));
      });
      const turn = async () => {
        if (!waiting) return;
        patience.cancel();
        await this.#untilDone(work, deadline, limits.patienceMs !== undefined).then(resolve, reject);
      };
      // What fails has been told by then.
      this.#queue.run(turn).catch(reject);
    });
    // So that `stop` waits for it; its failure is the caller's.
    this.background(
      result.then(() => undefined),
      () => undefined,
    );
    return result;
  }

  /** What acts that may not wait are made from. */
  get urgentReads(): UrgentReads {
    return this.#options.lastKnown ?? this.read;
  }

  /** Whether no other controller can be working on this database: only then may anything be scheduled or published. */
  get owned(): boolean {
    return this.#options.engine.owned;
  }

  /** Whether the database answers and is ours; for readiness. Rejects when it does not. */
  async ping(): Promise<void> {
    if (!this.running) throw new Error('storage is not started');
    if (!this.owned) throw new NotOwner();
    await this.#options.engine.reader.models.$queryRawUnsafe('SELECT 1');
  }

  async #untilDone<Result>(
    work: (tx: Transaction & StorageStores) => Promise<Result>,
    deadline: number,
    impatient: boolean,
  ): Promise<Result> {
    const { clock } = this.#options;
    const pauses = backoff({ baseMs: 10, maxMs: 100 });
    let races = 0;
    for (;;) {
      try {
        // What was waited for the turn is not waited for a lock once more.
        const leftMs = Math.max(1, deadline - clock.monotonic());
        return await this.#once(work, impatient ? leftMs : undefined);
      } catch (cause) {
        if (cause instanceof LostRace) {
          races += 1;
          if (races >= MOST_RACES) throw new DomainError('request.key_in_use', { key: cause.key }, { cause });
        } else if (isDiskFull(cause)) {
          throw new DomainError('storage.disk_full', { file: 'database' }, { cause });
        } else if (!isRetryable(cause)) throw cause;
        else if (clock.monotonic() >= deadline) throw new DomainError('storage.busy', {}, { cause });
      }
      await delay(clock, 'storage: database held', pauses.next().value, this.#stopping.signal);
    }
  }

  async #once<Result>(
    work: (tx: Transaction & StorageStores) => Promise<Result>,
    lockWaitMs: number | undefined,
  ): Promise<Result> {
    const { engine, lastKnown } = this.#options;
    const effects: (() => void)[] = [];
    const afterCommit = (effect: () => void) => void effects.push(effect);
    let saved: ReadonlySet<string> = new Set();
    let result: Result;
    try {
      result = await engine.attempt((access) => {
        const stores = createStores(access, this.#schedules);
        saved = stores.schedules.saved;
        return work({ ...(lastKnown?.watch(stores, afterCommit) ?? stores), afterCommit });
      }, lockWaitMs);
    } finally {
      // Also where it failed: whether a commit that was cut off came through nobody knows.
      this.#schedules.changed(saved);
    }
    for (const effect of effects) this.#perform(effect);
    return result;
  }

  /** What is committed stays so, whatever an effect does. */
  #perform(effect: () => void): void {
    try {
      effect();
    } catch (error) {
      this.#options.log.error({ err: error }, 'an effect after a commit failed');
    }
  }
}
