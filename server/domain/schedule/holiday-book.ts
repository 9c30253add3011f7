import type { Clock } from '#kit';
import { DomainError } from '#protocols';
import { type Actor, authorizeEverywhere } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import { DEFAULT_HOLIDAYS } from '../calendar/default-holidays.ts';
import { type HolidayTable, readHolidayTable } from '../calendar/holiday.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { PlanChanges } from './plan-changes.ts';

/** Name of the setting that holds the edited table. */
const SETTING = 'holidays';

/** The holiday table in force, in memory: the one that came with the controller until somebody edits it. */
export class HolidayBook {
  readonly #areas: AreaDirectory;
  readonly #clock: Clock;
  readonly #plans: PlanChanges;
  #table: HolidayTable = DEFAULT_HOLIDAYS;

  constructor(options: {
    readonly areas: AreaDirectory;
    readonly clock: Clock;
    readonly plans: PlanChanges;
  }) {
    this.#areas = options.areas;
    this.#clock = options.clock;
    this.#plans = options.plans;
  }

  get table(): HolidayTable {
    return this.#table;
  }

  async load(read: Pick<Stores, 'settings'>): Promise<void> {
    const text = await read.settings.get(SETTING);
    this.#table = text === null ? DEFAULT_HOLIDAYS : readHolidayTable(JSON.parse(text));
  }

  /** Puts another table in force, for the whole controller. Throws `request.forbidden`, `document.malformed`, and `request.conflict` where a schedule names a holiday that the table would lose. */
  async replace(tx: Transaction, actor: Actor, wanted: unknown): Promise<HolidayTable> {
    const { tree } = this.#areas;
    authorizeEverywhere(actor, 'calendar:write', tree);
    const table = readHolidayTable(wanted);
    await this.#requireUnused(tx, table);
    const before = new Map(this.#table.map((holiday) => [holiday.id, JSON.stringify(holiday)]));
    const now = this.#clock.now();
    await tx.settings.put(SETTING, JSON.stringify(table), now);
    const changed = table.filter((holiday) => before.get(holiday.id) !== JSON.stringify(holiday));
    const removed = [...before.keys()].filter((id) => !table.some((holiday) => holiday.id === id));
    const gone = new Set([...removed, ...changed.map(({ id }) => id)]);
    await record(
      tx,
      now,
      actor,
      'holidays.replace',
      SETTING,
      { changed, removed },
      { before: this.#table.filter(({ id }) => gone.has(id)), after: changed },
    );
    tx.afterCommit(() => {
      this.#table = table;
      this.#plans.changed();
    });
    return table;
  }

  async #requireUnused(tx: Transaction, table: HolidayTable): Promise<void> {
    const kept = new Set(table.map(({ id }) => id));
    const removed = new Set(this.#table.map(({ id }) => id).filter((id) => !kept.has(id)));
    if (removed.size === 0) return;
    for (const { id, title, rule } of await tx.schedules.active()) {
      if (rule.recurrence.kind !== 'holiday') continue;
      const missing = rule.recurrence.holidays.find((one) => removed.has(one));
      if (missing !== undefined)
        throw new DomainError('request.conflict', {
          ...{ what: 'holiday', id: missing, schedule: id },
          state: `named by schedule "${id}" (${title})`,
          expected: 'a table that keeps it, or that schedule changed or deleted first',
        });
    }
  }
}
