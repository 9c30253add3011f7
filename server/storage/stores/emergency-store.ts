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
    const { askedAs, decidedAs, reviewedAs, request, ...rest } = emergency;
    const column: RequestColumn = { ...request, capacities: { askedAs, decidedAs, reviewedAs } };
    const { id, ...fields } = { ...rest, request: JSON.stringify(column) };
    await this.#models.emergency.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}

type Capacities = Pick<Emergency, 'askedAs' | 'decidedAs' | 'reviewedAs'>;
/** What the column of the request holds: with it, in which capacity people spoke. Those of before that was noted have none. */
type RequestColumn = Emergency['request'] & { readonly capacities?: Partial<Capacities> };
const UNKNOWN: Capacities = { askedAs: null, decidedAs: null, reviewedAs: null };

function toEmergency(row: Row): Emergency {
  const { capacities, ...request } = fromJson<RequestColumn>(row.request);
  return { ...row, ...UNKNOWN, ...capacities, request };
}
