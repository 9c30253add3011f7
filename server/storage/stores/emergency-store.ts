import type { Emergency, EmergencyStore } from '../../domain/emergencies/emergency.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { fromJson } from './json.ts';

type Row = NonNullable<Awaited<ReturnType<Models['emergency']['findUnique']>>>;

/** So many are read at a time. */
const PAGE = 500;

export class DatabaseEmergencyStore implements EmergencyStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async *newestFirst({ reviews = false }: { readonly reviews?: boolean } = {}): AsyncIterable<Emergency> {
    let skip = 0;
    for (;;) {
      const rows = await this.#models.emergency.findMany({
        where: reviews ? { breakGlass: { not: null } } : {},
        orderBy: [{ askedAt: 'desc' }, { id: 'desc' }],
        ...{ skip, take: PAGE },
      });
      yield* rows.map(toEmergency);
      if (rows.length < PAGE) return;
      skip += PAGE;
    }
  }

  async get(id: string): Promise<Emergency | null> {
    const row = await this.#models.emergency.findUnique({ where: { id } });
    return row === null ? null : toEmergency(row);
  }

  async save(emergency: Emergency): Promise<void> {
    const { id, ...fields } = { ...emergency, request: JSON.stringify(emergency.request) };
    await this.#models.emergency.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}

function toEmergency(row: Row): Emergency {
  return { ...row, request: fromJson<Emergency['request']>(row.request) };
}
