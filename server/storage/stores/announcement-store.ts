import type { AnnouncementState } from '#protocols';
import type { Announcement, AnnouncementStore, Decision } from '../../domain/announcements/announcement.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';
import { inOrder, meantIds, newestIds } from './newest.ts';

type AnnouncementRow = NonNullable<Awaited<ReturnType<Models['announcement']['findUnique']>>>;

export class DatabaseAnnouncementStore implements AnnouncementStore {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Newest first; `before` is the last id of the page before. */
  async list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Announcement[]> {
    const after = filter.before === undefined ? null : await this.get(filter.before);
    if (filter.before !== undefined && after === null) return [];
    const ids = await newestIds(this.#access, 'Announcement', filter.areaIds, filter.limit, after);
    const rows = await inParts(ids, (part) =>
      this.#access.models.announcement.findMany({ where: { id: { in: part } } }),
    );
    return inOrder(ids, rows).map(toAnnouncement);
  }

  async get(id: string): Promise<Announcement | null> {
    const row = await this.#access.models.announcement.findUnique({ where: { id } });
    return row === null ? null : toAnnouncement(row);
  }

  async some(ids: readonly string[]): Promise<Announcement[]> {
    const rows = await inParts(ids, (part) =>
      this.#access.models.announcement.findMany({ where: { id: { in: part } } }),
    );
    return rows.map(toAnnouncement);
  }

  async stored(areaId: string): Promise<Announcement[]> {
    const rows = await this.#access.models.announcement.findMany({
      where: { areaId, stored: true, state: 'approved' },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    });
    return rows.map(toAnnouncement);
  }

  async meantFor(which: 'waiting' | 'approved', areaIds: readonly string[]): Promise<Announcement[]> {
    const ids = await meantIds(this.#access, which, areaIds);
    const rows = await inParts(ids, (part) =>
      this.#access.models.announcement.findMany({ where: { id: { in: part } } }),
    );
    return inOrder(ids, rows).map(toAnnouncement);
  }

  async refused(): Promise<Announcement[]> {
    const said = (verdict: string) => ({ decisions: { contains: `"verdict":"${verdict}"` } });
    const rows = await this.#access.models.announcement.findMany({
      where: { state: { not: 'withdrawn' }, OR: [said('rejected'), said('withdrawn')] },
    });
    return rows.map(toAnnouncement);
  }

  async ofMedium(sha256: string): Promise<Announcement[]> {
    const rows = await this.#access.models.announcement.findMany({ where: { mediaSha256: sha256 } });
    return rows.map(toAnnouncement);
  }

  async insert(announcement: Announcement): Promise<void> {
    await this.#access.models.announcement.create({ data: toRow(announcement) });
  }

  async update(announcement: Announcement, from: AnnouncementState): Promise<boolean> {
    const { id, ...fields } = toRow(announcement);
    const { count } = await this.#access.models.announcement.updateMany({
      where: { id, state: from },
      data: fields,
    });
    return count === 1;
  }
}

function toRow(announcement: Announcement): AnnouncementRow {
  const { stream, composers, forAreas, decisions } = announcement;
  return {
    ...announcement,
    stream: toJsonOrNull(stream),
    composers: JSON.stringify(composers),
    forAreas: JSON.stringify(forAreas),
    decisions: JSON.stringify(decisions),
  };
}

function toAnnouncement(row: AnnouncementRow): Announcement {
  return {
    ...row,
    stream: fromJsonOrNull<NonNullable<Announcement['stream']>>(row.stream),
    composers: fromJson<string[]>(row.composers),
    forAreas: fromJson<string[]>(row.forAreas),
    // Those of before capacities were noted have none.
    decisions: fromJson<Decision[]>(row.decisions).map((one) => ({ ...one, as: one.as ?? null })),
  };
}
