import { DomainError } from '#protocols';
import { type Actor, isAllowed, type Permission, refusal } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Stores } from '../unit-of-work.ts';
import type { AnnouncementRecords } from './announcement-records.ts';

/**
 * Which prepared audio people may hear: what an announcement says that they may read, and what was prepared for an area in which they read announcements,
 * before one names it. To know a file's SHA-256 is not enough, neither to hear it nor to write an announcement that names it.
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
    const refused = await this.#refusedIn(actor, sha256, ['announcement:read']);
    if (refused === 'nowhere') throw new DomainError('media.not_stored', { sha256 });
    if (refused !== null) throw refusal(actor, 'announcement:read', refused);
  }

  /**
   * Before an announcement names it: whoever reads that may hear it from then on. A machine that writes announcements where it is of, and reads none, may too. What
   * nobody entered is nobody's to keep. Throws `request.forbidden`.
   */
  async authorizeNaming(actor: Actor, sha256: string): Promise<void> {
    const refused = await this.#refusedIn(actor, sha256, ['announcement:read', 'announcement:write']);
    if (refused !== null && refused !== 'nowhere') throw refusal(actor, 'announcement:read', refused);
  }

  /** Null where the actor may hear it; otherwise an area that it is of, or that it is of none. */
  async #refusedIn(
    actor: Actor,
    sha256: string,
    permissions: readonly Permission[],
  ): Promise<string | 'nowhere' | null> {
    const { tree } = this.#areas;
    const announcements = await this.#read.announcements.ofMedium(sha256);
    const concerns = announcements.some(
      (one) => this.#records.concerned(actor, 'announcement:read', one).length > 0,
    );
    if (concerns) return null;
    const areaIds = [
      ...announcements.map(({ areaId }) => areaId),
      ...(await this.#read.media.areasOf(sha256)),
    ];
    const allowed = (id: string) => permissions.some((one) => isAllowed(actor, one, id, tree));
    if (areaIds.some(allowed)) return null;
    return areaIds[0] ?? 'nowhere';
  }
}
