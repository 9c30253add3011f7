import type { KnownRefusal, RefusalStore } from '../../domain/announcements/refused-before.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';

type Row = NonNullable<Awaited<ReturnType<Models['refusal']['findUnique']>>>;

export class DatabaseRefusalStore implements RefusalStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async insert(refusal: KnownRefusal): Promise<void> {
    await this.#models.refusal.create({ data: refusal });
  }

  async of(said: {
    readonly media: readonly string[];
    readonly words: readonly string[];
  }): Promise<KnownRefusal[]> {
    const rows = [
      ...(await inParts(said.media, (part) =>
        this.#models.refusal.findMany({ where: { mediaSha256: { in: part } } }),
      )),
      ...(await inParts(said.words, (part) =>
        this.#models.refusal.findMany({ where: { wordsSha256: { in: part } } }),
      )),
    ];
    const found = new Map(rows.map((row) => [row.id, toRefusal(row)]));
    return [...found.values()].sort((a, b) => b.at - a.at);
  }
}

function toRefusal(row: Row): KnownRefusal {
  return { ...row, verdict: row.verdict as KnownRefusal['verdict'], as: row.as as KnownRefusal['as'] };
}
