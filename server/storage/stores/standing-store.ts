import type { StandingApproval, StandingStore } from '../../domain/announcements/standing-approval.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';

type Row = NonNullable<Awaited<ReturnType<Models['standingApproval']['findUnique']>>>;

export class DatabaseStandingStore implements StandingStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async live(): Promise<StandingApproval[]> {
    const rows = await this.#models.standingApproval.findMany({
      where: { endedAt: null },
      orderBy: [{ at: 'asc' }, { id: 'asc' }],
    });
    return rows.map(toStanding);
  }

  async list(areaIds: readonly string[], limit: number): Promise<StandingApproval[]> {
    const rows = await inParts(areaIds, (part) =>
      this.#models.standingApproval.findMany({
        where: { areaId: { in: part } },
        orderBy: [{ at: 'desc' }, { id: 'desc' }],
        take: limit,
      }),
    );
    return rows
      .sort((a, b) => b.at - a.at)
      .slice(0, limit)
      .map(toStanding);
  }

  async get(id: string): Promise<StandingApproval | null> {
    const row = await this.#models.standingApproval.findUnique({ where: { id } });
    return row === null ? null : toStanding(row);
  }

  async save(standing: StandingApproval): Promise<void> {
    const { as, endedAs, ...rest } = standing;
    const { id, ...fields } = {
      ...rest,
      areas: JSON.stringify(standing.areas),
      exceptAreas: JSON.stringify(standing.exceptAreas),
      terms: JSON.stringify({ ...standing.terms, as, endedAs }),
      editors: toJsonOrNull(standing.editors),
    };
    await this.#models.standingApproval.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}

/** What the column of the terms holds: with them, in which capacity the leave was given and ended. */
type TermsColumn = StandingApproval['terms'] & Partial<Pick<StandingApproval, 'as' | 'endedAs'>>;

function toStanding(row: Row): StandingApproval {
  const { as = null, endedAs = null, ...terms } = fromJson<TermsColumn>(row.terms);
  return {
    ...row,
    ...{ as, endedAs },
    areas: fromJson<string[]>(row.areas),
    exceptAreas: fromJson<string[]>(row.exceptAreas),
    // Terms that were written without addresses are for no relay, and without a length for none yet.
    terms: { ...{ streams: [], fallbacks: [], sessionMinutes: null }, ...terms },
    editors: fromJsonOrNull<string[]>(row.editors),
  };
}
