import type { Clock } from '#kit';
import {
  ANNOUNCEMENT_STATES,
  type AnnouncementState,
  type AuditAction,
  DomainError,
  mayFollow,
} from '#protocols';
import { type Actor, areasOf, authorize, isAllowed, type Permission } from '../accounts/actor.ts';
import type { AreaTree } from '../areas/area.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { outermost } from '../areas/outermost.ts';
import { changes, record } from '../audit/record.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Announcement } from './announcement.ts';
import { openMarks } from './announcement-marks.ts';
import { meantAreas } from './approval-areas.ts';

/** What the audit log tells of a change. */
const RECORDED = [
  ...(['title', 'category', 'origin', 'language', 'priority', 'text', 'state', 'mediaSha256'] as const),
  ...([
    'approvedSha256',
    'stream',
    'stored',
    'recordedBy',
    'rejectedReason',
    'forAreas',
    'decisions',
  ] as const),
];

export interface AnnouncementRecordsOptions {
  readonly areas: AreaDirectory;
  readonly clock: Clock;
  /** Told after the commit: other messages are to be kept on the loudspeakers of this area. */
  readonly onStoredChanged?: (areaId: string) => void;
  /** Told after the commit: something was approved or handed in, or is so no longer. */
  readonly onApprovalChanged?: (announcement: Announcement) => void;
}

/** Finds announcements for who may see them, and writes them with their audit record. */
export class AnnouncementRecords {
  readonly #areas: AreaDirectory;
  readonly #clock: Clock;
  readonly #onStoredChanged: (areaId: string) => void;
  readonly #onApprovalChanged: (announcement: Announcement) => void;

  constructor(options: AnnouncementRecordsOptions) {
    this.#areas = options.areas;
    this.#clock = options.clock;
    this.#onStoredChanged = options.onStoredChanged ?? (() => undefined);
    this.#onApprovalChanged = options.onApprovalChanged ?? (() => undefined);
  }

  /** One that the actor's station made. Throws `request.not_found`, `request.forbidden`. */
  async own(
    stores: Pick<Stores, 'announcements'>,
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<Announcement> {
    const announcement = await this.find(stores, id);
    authorize(actor, permission, announcement.areaId, this.#areas.tree);
    return announcement;
  }

  /** Throws `request.not_found`. */
  async find(stores: Pick<Stores, 'announcements'>, id: string): Promise<Announcement> {
    const announcement = await stores.announcements.get(id);
    if (announcement === null) throw new DomainError('request.not_found', { what: 'announcement', id });
    return announcement;
  }

  /** The areas of the actor, the widest ones, with that permission, that an announcement is meant for, or for a part of. */
  concerned(actor: Actor, permission: Permission, announcement: Announcement): string[] {
    const { tree } = this.#areas;
    const meant = meantAreas(announcement, tree).filter((id) => tree.has(id));
    const found = areasOf(actor).filter(
      (id) =>
        tree.has(id) &&
        tree.get(id).retiredAt === null &&
        isAllowed(actor, permission, id, tree) &&
        meant.some((one) => tree.ancestry(one).includes(id) || tree.ancestry(id).includes(one)),
    );
    return outermost(found, tree);
  }

  /** Writes what has changed. Throws `request.conflict` when somebody was faster. */
  async save(
    tx: Transaction,
    actor: Actor,
    before: Announcement,
    action: AuditAction,
    detail: object,
    change: Partial<Announcement>,
  ): Promise<Announcement> {
    const now = this.#clock.now();
    const announcement: Announcement = { ...before, ...change, updatedAt: now };
    await this.#update(tx, before, announcement, this.#areas.tree);
    const changed = changes(before, announcement, RECORDED);
    await record(tx, now, actor, action, before.id, detail, { areaId: before.areaId, ...changed });
    this.#tell(tx, before, announcement);
    return announcement;
  }

  /** Writes what decisions are, and whom it is meant for, once the territory has become `tree`; the record of that change tells of it. Throws `request.conflict`. */
  async follow(
    tx: Transaction,
    before: Announcement,
    change: Pick<Announcement, 'decisions' | 'forAreas'>,
    tree: AreaTree,
  ): Promise<void> {
    const announcement: Announcement = { ...before, ...change };
    await this.#update(tx, before, announcement, tree);
    this.#tell(tx, before, announcement);
  }

  async #update(tx: Transaction, before: Announcement, after: Announcement, tree: AreaTree): Promise<void> {
    if (!(await tx.announcements.update(after, before.state, openMarks(after, tree))))
      throw conflict(before.id, 'being changed by somebody else', before.state);
  }

  #tell(tx: Transaction, before: Announcement, announcement: Announcement): void {
    if (leaveOf(before) === leaveOf(announcement)) return;
    tx.afterCommit(() => {
      this.#onApprovalChanged(announcement);
      if (before.stored || announcement.stored) this.#onStoredChanged(announcement.areaId);
    });
  }
}

/** By what it may sound, and who is asked: nothing of a draft, whatever changes in it. */
function leaveOf({ state, approvedSha256, decisions, forAreas }: Announcement): string {
  const asked = state === 'approved' || state === 'submitted';
  return asked ? JSON.stringify([state, approvedSha256, decisions, forAreas]) : '';
}

/** Throws `request.conflict` unless the announcement may become this. */
export function requireStep({ id, state }: Announcement, to: AnnouncementState): void {
  if (mayFollow(ANNOUNCEMENT_STATES, state, to)) return;
  const before = (Object.keys(ANNOUNCEMENT_STATES) as AnnouncementState[]).filter((from) =>
    mayFollow(ANNOUNCEMENT_STATES, from, to),
  );
  throw conflict(id, state, before.join(' or '));
}

export function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'announcement', id, state, expected });
}
