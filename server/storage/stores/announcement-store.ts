import type { AnnouncementState } from '#protocols';
import type {
  Announcement,
  AnnouncementStore,
  AskedWhere,
  Decision,
  Marked,
} from '../../domain/announcements/announcement.ts';
import type { MarkKind, OpenMark } from '../../domain/announcements/mark.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';
import { markedIds, markedPage, replaceMarks, replaceOpenMarks, type Sought } from './announcement-marks.ts';
import { fromJson, fromJsonOrNull, toJsonOrNull } from './json.ts';
import { inOrder, newestIds } from './newest.ts';

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

  async marked(kinds: readonly MarkKind[], areaIds: readonly string[]): Promise<Announcement[]> {
    const marks = kinds.flatMap((kind) => areaIds.map((id): Sought => [kind, id]));
    return this.some(await markedIds(this.#access, marks));
  }

  async approvedFor(
    areaIds: readonly string[],
    { limit, before }: { readonly limit: number; readonly before?: string },
  ): Promise<Announcement[]> {
    const marks = areaIds.map((id): Sought => ['approved', id]);
    return this.#page(marks, 'DESC', limit, before);
  }

  async asked(
    { areaIds, parted }: AskedWhere,
    { limit, after }: { readonly limit: number; readonly after?: string },
  ): Promise<Announcement[]> {
    const marks = [
      ...areaIds.flatMap((id): Sought[] => [
        ['asked', id],
        ['unknown', id],
      ]),
      ...parted.map((id): Sought => ['parted', id]),
    ];
    return this.#page(marks, 'ASC', limit, after);
  }

  async askedOf(ids: readonly string[], { areaIds, parted }: AskedWhere): Promise<ReadonlySet<string>> {
    const rows = await inParts(ids, (part) =>
      this.#access.models.announcementMark.findMany({
        where: { announcementId: { in: part }, kind: { in: ['asked', 'unknown', 'parted'] } },
        select: { announcementId: true, areaId: true, kind: true },
      }),
    );
    const [whole, inParted] = [new Set(areaIds), new Set(parted)];
    const there = rows.filter(({ kind, areaId }) => (kind === 'parted' ? inParted : whole).has(areaId));
    return new Set(there.map(({ announcementId }) => announcementId));
  }

  async #page(
    marks: readonly Sought[],
    order: 'ASC' | 'DESC',
    limit: number,
    last: string | undefined,
  ): Promise<Announcement[]> {
    const after = last === undefined ? null : await this.get(last);
    if (last !== undefined && after === null) return [];
    const ids = await markedPage(this.#access, marks, { order, limit, after });
    return inOrder(ids, await this.some(ids));
  }

  async heard(areaIds: readonly string[], limit: number): Promise<Announcement[]> {
    const marks = areaIds.map((id): Sought => ['heard', id]);
    const ids = await markedPage(this.#access, marks, { order: 'DESC', limit, after: null });
    return inOrder(ids, await this.some(ids));
  }

  async heardOf(ids: readonly string[]): Promise<Announcement[]> {
    const rows = await inParts(ids, (part) =>
      this.#access.models.announcementMark.findMany({
        where: { announcementId: { in: part }, kind: 'heard' },
        select: { announcementId: true },
      }),
    );
    return this.some(rows.map(({ announcementId }) => announcementId));
  }

  async unmarked(page: { readonly limit: number; readonly after?: string }): Promise<Announcement[]> {
    const rows = await this.#access.models.announcementMark.findMany({
      where: { kind: 'unknown', ...(page.after === undefined ? {} : { announcementId: { gt: page.after } }) },
      select: { announcementId: true },
      orderBy: { announcementId: 'asc' },
      take: page.limit,
    });
    // One may have such a mark in several areas. Where the page ends among them, all of them are meant.
    const ids = [...new Set(rows.map(({ announcementId }) => announcementId))];
    return inOrder(ids, await this.some(ids));
  }

  mark(made: readonly Marked[]): Promise<void> {
    return replaceOpenMarks(this.#access, made);
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

  async insert(announcement: Announcement, open?: readonly OpenMark[]): Promise<void> {
    await this.#access.models.announcement.create({ data: toRow(announcement) });
    await replaceMarks(this.#access, announcement, open);
  }

  async update(
    announcement: Announcement,
    from: AnnouncementState,
    open?: readonly OpenMark[],
  ): Promise<boolean> {
    const { id, ...fields } = toRow(announcement);
    const { count } = await this.#access.models.announcement.updateMany({
      where: { id, state: from },
      data: fields,
    });
    if (count === 1) await replaceMarks(this.#access, announcement, open);
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
