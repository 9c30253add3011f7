import type { Emergency, EmergencyStore } from '../../domain/emergencies/emergency.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';
import { fromJson } from './json.ts';

type Row = NonNullable<Awaited<ReturnType<Models['emergency']['findUnique']>>>;

export class DatabaseEmergencyStore implements EmergencyStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async list(
    areaIds: readonly string[],
    { limit, reviews = false }: { readonly limit: number; readonly reviews?: boolean },
  ): Promise<Emergency[]> {
    const rows = await inParts(areaIds, (part) =>
      this.#models.emergency.findMany({
        where: { areaId: { in: part }, ...(reviews ? { breakGlass: { not: null } } : {}) },
        orderBy: [{ askedAt: 'desc' }, { id: 'desc' }],
        take: limit,
      }),
    );
    return rows
      .sort((a, b) => b.askedAt - a.askedAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit)
      .map(toEmergency);
  }

  async get(id: string): Promise<Emergency | null> {
    const row = await this.#models.emergency.findUnique({ where: { id } });
    return row === null ? null : toEmergency(row);
  }

  async airedAlone(
    { announcementId, askedBy }: Pick<Emergency, 'announcementId' | 'askedBy'>,
    from: number,
  ): Promise<Emergency[]> {
    const rows = await this.#models.emergency.findMany({
      where: { announcementId, askedBy, state: 'aired', decidedBy: null, askedAt: { gte: from } },
      orderBy: [{ askedAt: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toEmergency);
  }

  async save(emergency: Emergency): Promise<void> {
    const { id, ...fields } = { ...emergency, request: JSON.stringify(emergency.request) };
    await this.#models.emergency.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}

function toEmergency(row: Row): Emergency {
  return { ...row, request: fromJson<Emergency['request']>(row.request) };
}
