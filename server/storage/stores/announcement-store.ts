import type { AnnouncementState } from '#protocols';
import type { Announcement, AnnouncementStore } from '../../domain/announcements/announcement.ts';
import type { Access } from '../engine.ts';
import { inParts } from '../paging.ts';
import { inOrder, newestIds } from './newest.ts';

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
    return inOrder(ids, rows);
  }

  async get(id: string): Promise<Announcement | null> {
    return this.#access.models.announcement.findUnique({ where: { id } });
  }

  async insert(announcement: Announcement): Promise<void> {
    await this.#access.models.announcement.create({ data: announcement });
  }

  async update(announcement: Announcement, from: AnnouncementState): Promise<boolean> {
    const { id, ...fields } = announcement;
    const { count } = await this.#access.models.announcement.updateMany({
      where: { id, state: from },
      data: fields,
    });
    return count === 1;
  }
}
