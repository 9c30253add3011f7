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
import { type Actor, authorize, holdsRole, type Permission } from '../accounts/actor.ts';
import { LEADERS } from '../accounts/roles.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Announcement } from './announcement.ts';
import { approvalHash, isApproved } from './approval-hash.ts';
import { type ClearedMessage, clearMessage } from './clearance.ts';

/** What the audit log tells of a change. */
const RECORDED = [
  ...(['title', 'category', 'origin', 'language', 'priority', 'text', 'state', 'mediaSha256'] as const),
  ...(['approvedSha256', 'stream', 'stored', 'rejectedReason'] as const),
];

/** As many as a plan head takes. */
const MOST_STORED = 64;

/** Takes back every broadcast of an announcement that is not over yet. */
type StopAll = (tx: Transaction, actor: Actor, announcementId: string, reason: string) => Promise<void>;

/** Announcements from draft to approval. Approval defaults to "not approved", and is of the exact delivered bytes. */
export class AnnouncementService {
  readonly #read: Pick<Stores, 'announcements' | 'media'>;
  readonly #areas: AreaDirectory;
  readonly #clock: Clock;
  readonly #stopAll: StopAll;
  readonly #onStoredChanged: (areaId: string) => void;
  readonly #onApprovalChanged: () => void;

  constructor(options: {
    readonly read: Pick<Stores, 'announcements' | 'media'>;
    readonly areas: AreaDirectory;
    readonly clock: Clock;
    /** Takes back what is planned and what sounds of it, in the same transaction. */
    readonly stopAll: StopAll;
    /** Told after the commit: other messages are to be kept on the loudspeakers of this area. */
    readonly onStoredChanged?: (areaId: string) => void;
    /** Told after the commit: something was approved, or is so no longer. */
    readonly onApprovalChanged?: () => void;
  }) {
    this.#read = options.read;
    this.#areas = options.areas;
    this.#clock = options.clock;
    this.#stopAll = options.stopAll;
    this.#onStoredChanged = options.onStoredChanged ?? (() => undefined);
    this.#onApprovalChanged = options.onApprovalChanged ?? (() => undefined);
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

  /** The approved emergency messages that the loudspeakers of an area and all below it keep decoded; the newest, at most 64. */
  async storedMessages(areaId: string): Promise<ClearedMessage[]> {
    const messages: ClearedMessage[] = [];
    for (const announcement of await this.#read.announcements.stored(areaId)) {
      const { mediaSha256 } = announcement;
      const medium = mediaSha256 === null ? null : await this.#read.media.get(mediaSha256);
      const message = clearMessage(announcement, medium);
      if (message !== null && messages.length < MOST_STORED) messages.push(message);
    }
    return messages;
  }

  /** Throws `request.forbidden`, `request.invalid`, `media.not_stored`. */
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
      stream: wanted.stream ?? null,
      stored: wanted.stored ?? false,
      rejectedReason: null,
      createdBy: actor.name,
      composers: [actor.name],
      recordedBy: wanted.recordedBy ?? null,
      createdAt: now,
      updatedAt: now,
    };
    requireFit(announcement);
    await tx.announcements.insert(announcement);
    const { areaId, title, priority, mediaSha256, stream, stored } = announcement;
    const detail = {
      ...{ areaId, title, priority, mediaSha256 },
      ...(stream === null ? {} : { stream }),
      ...(stored ? { stored } : {}),
    };
    await record(tx, now, actor, 'announcement.create', announcement.id, detail, { areaId });
    return announcement;
  }

  /** Any change takes an approval back: what is broadcast is what was approved. Throws `request.conflict`, `media.not_stored`. */
  async change(tx: Transaction, actor: Actor, id: string, change: AnnouncementChange): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:write', id);
    await requireMedium(tx, change.mediaSha256);
    if (before.state !== 'draft') requireStep(before, 'draft');
    const after: Partial<Announcement> = {
      title: change.title?.trim() ?? before.title,
      category: change.category ?? before.category,
      origin: change.origin ?? before.origin,
      language: change.language ?? before.language,
      priority: change.priority ?? before.priority,
      text: change.text === undefined ? before.text : change.text,
      mediaSha256: change.mediaSha256 === undefined ? before.mediaSha256 : change.mediaSha256,
      stream: change.stream === undefined ? before.stream : change.stream,
      stored: change.stored ?? before.stored,
      recordedBy: change.recordedBy === undefined ? before.recordedBy : change.recordedBy,
      composers: [...new Set([...before.composers, actor.name])],
      state: 'draft',
      approvedSha256: null,
    };
    requireFit({ ...before, ...after });
    return this.#save(tx, actor, before, 'announcement.change', change, after);
  }

  /** Hands it to the approver. Throws `announcement.no_audio`, `request.conflict`. */
  async submit(tx: Transaction, actor: Actor, id: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:write', id);
    requireStep(before, 'submitted');
    const sha256 = approvalHash(before);
    if (sha256 === null) throw new DomainError('announcement.no_audio', { id });
    return this.#save(
      tx,
      actor,
      before,
      'announcement.submit',
      { sha256 },
      { state: 'submitted', rejectedReason: null },
    );
  }

  /**
   * Approves exactly what has the `approvalHash` `sha256`. Four eyes: what one composed another approves, except a leader's own recording.
   * Throws `announcement.audio_changed`, `announcement.four_eyes`, `request.conflict`.
   */
  async approve(tx: Transaction, actor: Actor, id: string, sha256: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:approve', id);
    requireStep(before, 'approved');
    if (before.composers.includes(actor.name) && !this.#isOwnRecording(actor, before))
      throw new DomainError('announcement.four_eyes', { actor: actor.name, id });
    const held = approvalHash(before);
    if (held !== sha256) throw new DomainError('announcement.audio_changed', { id, held, given: sha256 });
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

  /** Never again broadcast; what is planned, under way or on the air of it is taken back with it. */
  async withdraw(tx: Transaction, actor: Actor, id: string): Promise<Announcement> {
    const before = await this.#load(tx, actor, 'announcement:write', id);
    requireStep(before, 'withdrawn');
    const after = await this.#save(tx, actor, before, 'announcement.withdraw', {}, { state: 'withdrawn' });
    await this.#stopAll(tx, actor, id, 'announcement.withdrawn');
    return after;
  }

  /** Whether it is the voice of a leader, who stands for it himself. A relay is nobody's voice. */
  #isOwnRecording(actor: Actor, { recordedBy, stream, mediaSha256, areaId }: Announcement): boolean {
    if (recordedBy !== actor.name || stream !== null || mediaSha256 === null) return false;
    return holdsRole(actor, LEADERS, areaId, this.#areas.tree);
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
    const changed = changes(before, announcement, RECORDED);
    await record(tx, now, actor, action, before.id, detail, { areaId: before.areaId, ...changed });
    if (isApproved(before) !== isApproved(announcement))
      tx.afterCommit(() => {
        this.#onApprovalChanged();
        if (before.stored || announcement.stored) this.#onStoredChanged(announcement.areaId);
      });
    return announcement;
  }
}

/** Only an emergency with audio of its own is kept on loudspeakers: a stream cannot be. */
function requireFit({ stored, stream, priority }: Announcement): void {
  if (!stored || (stream === null && priority === 'emergency')) return;
  const reason = `only an emergency message with audio of its own is kept on loudspeakers, not a ${
    stream === null ? `message of priority "${priority}"` : 'relay'
  }`;
  throw new DomainError('request.invalid', { reason, field: 'body/stored' });
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
