import { Exclusive } from '#kit';
import type { Schedule } from '../../domain/schedule/schedule.ts';

export interface ActiveSchedulesOptions {
  /** Reads what is committed: every schedule that is not deleted, or those of these ids, deleted or not. */
  readonly read: (ids: readonly string[] | null) => Promise<Schedule[]>;
  /** Whether nobody else can be writing to the database. */
  readonly owned: () => boolean;
}

/**
 * Every committed schedule that is not deleted, in memory: preview, calendar and plan ask for all of them all the time, and few change. One process owns
 * the database, so that what it did not save has not changed; what it saved is read again.
 */
export class ActiveSchedules {
  readonly #options: ActiveSchedulesOptions;
  readonly #reading = new Exclusive();
  #known: Map<string, Schedule> | undefined;
  /** In the order of the store; undefined: to be made anew. */
  #inOrder: readonly Schedule[] | undefined;
  readonly #stale = new Set<string>();

  constructor(options: ActiveSchedulesOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  async all(): Promise<Schedule[]> {
    if (!this.#options.owned()) {
      this.forget();
      return this.#options.read(null);
    }
    return this.#reading.run(async () => {
      const known = await this.#refresh();
      this.#inOrder ??= [...known.values()].sort(oldestFirst);
      return [...this.#inOrder];
    });
  }

  /** A transaction that may have saved these has ended, with whatever result. */
  changed(ids: Iterable<string>): void {
    for (const id of ids) this.#stale.add(id);
  }

  /** Somebody else may have worked there: the next time everything is read. */
  forget(): void {
    this.#known = undefined;
    this.#inOrder = undefined;
  }

  async #refresh(): Promise<ReadonlyMap<string, Schedule>> {
    const { read } = this.#options;
    // What changes while we read is read again the next time.
    const stale = [...this.#stale];
    this.#stale.clear();
    const known = this.#known;
    try {
      if (known === undefined) {
        const all = new Map((await read(null)).map((one) => [one.id, one]));
        this.#known = all;
        this.#inOrder = undefined;
        return all;
      }
      if (stale.length === 0) return known;
      const found = new Map((await read(stale)).map((one) => [one.id, one]));
      for (const id of stale) {
        const one = found.get(id);
        if (one === undefined || one.deletedAt !== null) known.delete(id);
        else known.set(id, one);
      }
      this.#inOrder = undefined;
      return known;
    } catch (error) {
      this.changed(stale);
      throw error;
    }
  }
}

/** As `ORDER BY createdAt, id`. */
export function oldestFirst(a: Schedule, b: Schedule): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
