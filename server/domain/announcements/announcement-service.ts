import type { Clock } from '#kit';
import {
  ANNOUNCEMENT_STATES,
  type AnnouncementChange,
  type AnnouncementCreate,
  type AnnouncementState,
  DomainError,
  mayFollow,
  newId,
} from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Announcement } from './announcement.ts';

/** Announcements from draft to approval. Approval defaults to "not approved", and is of the exact delivered bytes. */
export class AnnouncementService {
  readonly #read: Pick<Stores, 'announcements'>;
  readonly #areas: AreaDirectory;
  readonly #clock: Clock;

  constructor(options: {
    readonly read: Pick<Stores, 'announcements'>;
    readonly areas: AreaDirectory;
    readonly clock: Clock;
  }) {
    this.#read = options.read;
    this.#areas = options.areas;
    this.#clock = options.clock;
  }

  list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Announcement[]> {
    return this.#read.announcements.list(filter);
  }

  async get(actor: Actor, id: string): Promise<Announcement> {
    return this.#load(this.#read, actor, 'announcement:read', id);
  }

  /** Throws `request.forbidden`, `media.not_stored`. */
  async create(tx: Transaction, actor: Actor, wanted: AnnouncementCreate): Promise<Announcement> {
    authorize(actor, 'announcement:write', wanted.areaId, this.#areas.tree);
    await requireMedium(tx, wanted.mediaSha256);
    const now = this.#clock.now();
    const announcement: Announcement = {
      id: newId('ann', now),
      areaId: wanted.areaId,
      title: wanted.title.trim(),
      category: wanted.category ?? '',
      origin: wanted.origin ?? 'own',
      language: wanted.language ?? 'vi',
      priority: wanted.priority ?? 'normal',
      text: wanted.text ?? null,
      state: 'draft',
      mediaSha256: wanted.mediaSha256 ?? null,
      approvedSha256: null,
      rejectedReason: null,
      createdBy: actor.name,
      createdAt: now,
      updatedAt: now,
    };
    await tx.announcements.insert(announcement);
    await record(tx, now, actor, 'announcement.create', announcement.id, {
      areaId: announcement.areaId,
      title: announcement.title,
      priority: announcement.priority,
      mediaSha256: announcement.mediaSha256,
    });
    return announcement;
  }

  /** Any change takes an approval back: what is broadcast is what was approved. Throws `request.conflict`, `media.not_stored`. */
  async change(tx: Transaction, actor: Actor, id: string, change: AnnouncementChange): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:write', id);
    await requireMedium(tx, change.mediaSha256);
    if (before.state !== 'draft') requireStep(before, 'draft');
    return this.#save(tx, actor, before, 'announcement.change', change, {
      title: change.title?.trim() ?? before.title,
      category: change.category ?? before.category,
      origin: change.origin ?? before.origin,
      language: change.language ?? before.language,
      priority: change.priority ?? before.priority,
      text: change.text === undefined ? before.text : change.text,
      mediaSha256: change.mediaSha256 === undefined ? before.mediaSha256 : change.mediaSha256,
      state: 'draft',
      approvedSha256: null,
    });
  }

  /** Hands it to the approver. Throws `announcement.no_audio`, `request.conflict`. */
  async submit(tx: Transaction, actor: Actor, id: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:write', id);
    requireStep(before, 'submitted');
    if (before.mediaSha256 === null) throw new DomainError('announcement.no_audio', { id });
    return this.#save(
      tx,
      actor,
      before,
      'announcement.submit',
      { sha256: before.mediaSha256 },
      { state: 'submitted', rejectedReason: null },
    );
  }

  /**
   * Approves exactly the bytes of `sha256`. Four eyes: what one composed another approves, except the chairman's own.
   * Throws `announcement.audio_changed`, `announcement.four_eyes`, `request.conflict`.
   */
  async approve(tx: Transaction, actor: Actor, id: string, sha256: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:approve', id);
    requireStep(before, 'approved');
    if (before.createdBy === actor.name && actor.role !== 'chairman')
      throw new DomainError('announcement.four_eyes', { actor: actor.name, id });
    if (before.mediaSha256 !== sha256)
      throw new DomainError('announcement.audio_changed', { id, held: before.mediaSha256, given: sha256 });
    return this.#save(
      tx,
      actor,
      before,
      'announcement.approve',
      { sha256 },
      { state: 'approved', approvedSha256: sha256 },
    );
  }

  async reject(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:approve', id);
    requireStep(before, 'rejected');
    return this.#save(
      tx,
      actor,
      before,
      'announcement.reject',
      { reason },
      { state: 'rejected', rejectedReason: reason },
    );
  }

  /** Never again broadcast. What is on the air already is stopped by cancelling that broadcast. */
  async withdraw(tx: Transaction, actor: Actor, id: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:write', id);
    requireStep(before, 'withdrawn');
    return this.#save(tx, actor, before, 'announcement.withdraw', {}, { state: 'withdrawn' });
  }

  async #load(
    stores: Pick<Stores, 'announcements'>,
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<Announcement> {
    const announcement = await stores.announcements.get(id);
    if (announcement === null) throw new DomainError('request.not_found', { what: 'announcement', id });
    authorize(actor, permission, announcement.areaId, this.#areas.tree);
    return announcement;
  }

  async #save(
    tx: Transaction,
    actor: Actor,
    before: Announcement,
    action: string,
    detail: object,
    change: Partial<Announcement>,
  ): Promise<Announcement> {
    const now = this.#clock.now();
    const announcement: Announcement = { ...before, ...change, updatedAt: now };
    if (!(await tx.announcements.update(announcement, before.state)))
      throw conflict(before.id, 'being changed by somebody else', before.state);
    await record(tx, now, actor, action, before.id, detail);
    return announcement;
  }
}

async function requireMedium(tx: Transaction, sha256: string | null | undefined): Promise<void> {
  if (sha256 === null || sha256 === undefined) return;
  if ((await tx.media.get(sha256)) === null) throw new DomainError('media.not_stored', { sha256 });
}

function requireStep({ id, state }: Announcement, to: AnnouncementState): void {
  if (mayFollow(ANNOUNCEMENT_STATES, state, to)) return;
  const before = (Object.keys(ANNOUNCEMENT_STATES) as AnnouncementState[]).filter((from) =>
    mayFollow(ANNOUNCEMENT_STATES, from, to),
  );
  throw conflict(id, state, before.join(' or '));
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'announcement', id, state, expected });
}
