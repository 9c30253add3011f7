import type { Programme, ProgrammeStore, Schedule, ScheduleStore } from '../../domain/schedule/schedule.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { allPages, inParts, PAGE_ROWS } from '../paging.ts';
import { type ActiveSchedules, oldestFirst } from './active-schedules.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';

type ProgrammeRow = NonNullable<Awaited<ReturnType<Models['programme']['findUnique']>>>;
type ScheduleRow = NonNullable<Awaited<ReturnType<Models['schedule']['findUnique']>>>;

const OLDEST_FIRST = [{ createdAt: 'asc' as const }, { id: 'asc' as const }];

export class DatabaseProgrammeStore implements ProgrammeStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async list(areaIds: readonly string[]): Promise<Programme[]> {
    const rows = await inParts(areaIds, (part) =>
      this.#models.programme.findMany({
        where: { areaId: { in: part }, retiredAt: null },
        orderBy: OLDEST_FIRST,
      }),
    );
    return rows.map(toProgramme);
  }

  async get(id: string): Promise<Programme | null> {
    const row = await this.#models.programme.findUnique({ where: { id } });
    return row === null ? null : toProgramme(row);
  }

  async some(ids: readonly string[]): Promise<Programme[]> {
    const rows = await inParts(ids, (part) =>
      this.#models.programme.findMany({ where: { id: { in: part } } }),
    );
    return rows.map(toProgramme);
  }

  async save(programme: Programme): Promise<void> {
    const { id, ...fields } = { ...programme, items: JSON.stringify(programme.items) };
    await this.#models.programme.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}

/** Every schedule that is not deleted, or those of these ids, deleted or not; oldest first. */
export async function readSchedules(models: Models, ids: readonly string[] | null): Promise<Schedule[]> {
  if (ids !== null) {
    const rows = await inParts(ids, (part) => models.schedule.findMany({ where: { id: { in: part } } }));
    return rows.map(toSchedule).sort(oldestFirst);
  }
  return allPages(async (after: Schedule | undefined) => {
    const rows = await models.schedule.findMany({
      where: { deletedAt: null },
      orderBy: OLDEST_FIRST,
      take: PAGE_ROWS,
      ...(after === undefined ? {} : { cursor: { id: after.id }, skip: 1 }),
    });
    return rows.map(toSchedule);
  });
}

export class DatabaseScheduleStore implements ScheduleStore {
  readonly #models: Models;
  readonly #active: ActiveSchedules;
  /** Ids that were saved by way of this store. */
  readonly saved = new Set<string>();

  constructor({ models }: Access, active: ActiveSchedules) {
    this.#models = models;
    this.#active = active;
  }

  async list(
    areaIds: readonly string[],
    { deleted = false }: { readonly deleted?: boolean } = {},
  ): Promise<Schedule[]> {
    const rows = await inParts(areaIds, (part) =>
      this.#models.schedule.findMany({
        where: { areaId: { in: part }, ...(deleted ? {} : { deletedAt: null }) },
        orderBy: OLDEST_FIRST,
      }),
    );
    return rows.map(toSchedule);
  }

  async active(): Promise<Schedule[]> {
    const committed = await this.#active.all();
    if (this.saved.size === 0) return committed;
    // A transaction sees its own.
    const own = await readSchedules(this.#models, [...this.saved]);
    return [
      ...committed.filter(({ id }) => !this.saved.has(id)),
      ...own.filter(({ deletedAt }) => deletedAt === null),
    ].sort(oldestFirst);
  }

  async ofSeries(seriesId: string): Promise<Schedule[]> {
    const rows = await this.#models.schedule.findMany({ where: { seriesId }, orderBy: OLDEST_FIRST });
    return rows.map(toSchedule);
  }

  async get(id: string): Promise<Schedule | null> {
    const row = await this.#models.schedule.findUnique({ where: { id } });
    return row === null ? null : toSchedule(row);
  }

  async save(schedule: Schedule): Promise<void> {
    this.saved.add(schedule.id);
    const { id, ...fields } = {
      ...schedule,
      content: JSON.stringify(schedule.content),
      targets: JSON.stringify(schedule.targets),
      rule: JSON.stringify(schedule.rule),
      start: JSON.stringify(schedule.start),
      windowOverride: toJsonOrNull(schedule.windowOverride),
      againOf: toJsonOrNull(schedule.againOf),
    };
    await this.#models.schedule.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}

function toProgramme(row: ProgrammeRow): Programme {
  return { ...row, items: fromJson<Programme['items']>(row.items) };
}

function toSchedule(row: ScheduleRow): Schedule {
  return {
    ...row,
    content: fromJson<Schedule['content']>(row.content),
    targets: fromJson<Schedule['targets']>(row.targets),
    rule: fromJson<Schedule['rule']>(row.rule),
    start: fromJson<Schedule['start']>(row.start),
    overlap: row.overlap as Schedule['overlap'],
    afterInterruption: row.afterInterruption as Schedule['afterInterruption'],
    makeGood: row.makeGood as Schedule['makeGood'],
    windowOverride: fromJsonOrNull<NonNullable<Schedule['windowOverride']>>(row.windowOverride),
    againOf: fromJsonOrNull<NonNullable<Schedule['againOf']>>(row.againOf),
  };
}
