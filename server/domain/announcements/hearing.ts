import { DomainError } from '#protocols';
import { type Actor, authorize, isAllowed } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Stores } from '../unit-of-work.ts';
import type { AnnouncementRecords } from './announcement-records.ts';

/**
 * Which prepared audio people may hear: what an announcement says that they may read, and what was prepared for an area in which they read announcements,
 * before one names it. To know a file's SHA-256 is not enough.
 */
export class Hearing {
  readonly #read: Pick<Stores, 'announcements' | 'media'>;
  readonly #areas: AreaDirectory;
  readonly #records: AnnouncementRecords;

  constructor(options: {
    readonly read: Pick<Stores, 'announcements' | 'media'>;
    readonly areas: AreaDirectory;
    readonly records: AnnouncementRecords;
  }) {
    this.#read = options.read;
    this.#areas = options.areas;
    this.#records = options.records;
  }

  /** Throws `media.not_stored` for what nobody entered, `request.forbidden`. */
  async authorize(actor: Actor, sha256: string): Promise<void> {
    const { tree } = this.#areas;
    const announcements = await this.#read.announcements.ofMedium(sha256);
    const concerns = announcements.some(
      (one) => this.#records.concerned(actor, 'announcement:read', one).length > 0,
    );
    if (concerns) return;
    const areaIds = [
      ...announcements.map(({ areaId }) => areaId),
      ...(await this.#read.media.areasOf(sha256)),
    ];
    if (areaIds.some((id) => isAllowed(actor, 'announcement:read', id, tree))) return;
    const [areaId] = areaIds;
    if (areaId === undefined) throw new DomainError('media.not_stored', { sha256 });
    authorize(actor, 'announcement:read', areaId, tree);
  }
}
