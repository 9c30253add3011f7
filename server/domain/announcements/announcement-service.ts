import type { Clock } from '#kit';
import { type AnnouncementChange, type AnnouncementCreate, DomainError, newId } from '#protocols';
import { type Actor, authorize, composersOf } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { outermost } from '../areas/outermost.ts';
import type { Territory } from '../areas/territory.ts';
import { record } from '../audit/record.ts';
import { mediumOf } from '../media/medium.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Announcement } from './announcement.ts';
import { openMarks } from './announcement-marks.ts';
import { type AnnouncementRecords, conflict, requireStep } from './announcement-records.ts';
import { approvalHash } from './approval-hash.ts';
import { type ClearedMessage, clearMessage } from './clearance.ts';
import { carriedOn } from './decisions.ts';
import type { Hearing } from './hearing.ts';

/** As many as a plan head takes. */
const MOST_STORED = 64;

/** Announcements as they are written and handed in. Approval defaults to "not approved" (see `ApprovalService`). */
export class AnnouncementService {
  readonly #read: Pick<Stores, 'announcements' | 'media'>;
  readonly #areas: AreaDirectory;
  readonly #clock: Clock;
  readonly #records: AnnouncementRecords;
  readonly #territory: () => Territory;
  readonly #hearing: Pick<Hearing, 'authorizeNaming'>;

  constructor(options: {
    readonly read: Pick<Stores, 'announcements' | 'media'>;
    readonly areas: AreaDirectory;
    readonly clock: Clock;
    readonly records: AnnouncementRecords;
    readonly territory: () => Territory;
    readonly hearing: Pick<Hearing, 'authorizeNaming'>;
  }) {
    this.#read = options.read;
    this.#areas = options.areas;
    this.#clock = options.clock;
    this.#records = options.records;
    this.#territory = options.territory;
    this.#hearing = options.hearing;
  }

  list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Announcement[]> {
    return this.#read.announcements.list(filter);
  }

  /** For the station's own people, and for those of areas that it is meant for. Throws `request.forbidden`. */
  async get(actor: Actor, id: string): Promise<Announcement> {
    const announcement = await this.#records.find(this.#read, id);
    if (this.#records.concerned(actor, 'announcement:read', announcement).length > 0) return announcement;
    authorize(actor, 'announcement:read', announcement.areaId, this.#areas.tree);
    return announcement;
  }

  /** The emergency messages, approved for all of it, that the loudspeakers of an area and all below it keep decoded; the newest, at most 64. */
  async storedMessages(areaId: string): Promise<ClearedMessage[]> {
    const messages: ClearedMessage[] = [];
    const targets = { areas: [areaId], speakers: [], excludeAreas: [], excludeSpeakers: [] };
    const place = { targets, territory: this.#territory() };
    for (const announcement of await this.#read.announcements.stored(areaId)) {
      const medium = await mediumOf(this.#read, announcement);
      const message = clearMessage(announcement, medium, place);
      if (message !== null && messages.length < MOST_STORED) messages.push(message);
    }
    return messages;
  }

  /** The file that an announcement is to name: here, and one that who writes it may hear. */
  async #requireMedium(tx: Transaction, actor: Actor, sha256: string | null | undefined): Promise<void> {
    if (sha256 === null || sha256 === undefined) return;
    if ((await tx.media.get(sha256)) === null) throw new DomainError('media.not_stored', { sha256 });
    await this.#hearing.authorizeNaming(actor, sha256);
  }

  /** Throws `request.forbidden`, `request.invalid`, `media.not_stored`. */
  async create(tx: Transaction, actor: Actor, wanted: AnnouncementCreate): Promise<Announcement> {
    authorize(actor, 'announcement:write', wanted.areaId, this.#areas.tree);
    await this.#requireMedium(tx, actor, wanted.mediaSha256);
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
      composers: [...composersOf(actor)],
      recordedBy: wanted.recordedBy ?? null,
      forAreas: this.#forAreas(actor, wanted.forAreas ?? []),
      decisions: [],
      createdAt: now,
      updatedAt: now,
    };
    requireFit(announcement);
    await tx.announcements.insert(announcement, openMarks(announcement, this.#areas.tree));
    const { areaId, title, priority, text, mediaSha256, recordedBy, stream, stored, forAreas } = announcement;
    const detail = {
      ...{ areaId, title, priority, mediaSha256 },
      ...(text === null ? {} : { text }),
      ...(recordedBy === null ? {} : { recordedBy }),
      ...(forAreas.length === 0 ? {} : { forAreas }),
      ...(stream === null ? {} : { stream }),
      ...(stored ? { stored } : {}),
    };
    await record(tx, now, actor, 'announcement.create', announcement.id, detail, { areaId });
    return announcement;
  }

  /** Any change takes an approval back: what is broadcast is what was approved. Who said no is asked again. Throws `request.conflict`, `request.forbidden`, `media.not_stored`. */
  async change(tx: Transaction, actor: Actor, id: string, change: AnnouncementChange): Promise<Announcement> {
    const before = await this.#records.own(tx, actor, 'announcement:write', id);
    if (change.mediaSha256 !== before.mediaSha256) await this.#requireMedium(tx, actor, change.mediaSha256);
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
      composers: [...new Set([...before.composers, ...composersOf(actor)])],
      forAreas: change.forAreas === undefined ? before.forAreas : this.#forAreas(actor, change.forAreas),
      ...{ state: 'draft', approvedSha256: null, decisions: carriedOn(before) },
    };
    requireFit({ ...before, ...after });
    return this.#records.save(tx, actor, before, 'announcement.change', change, after);
  }

  /** Hands it to the approver; a "no" of before holds until he says yes. Throws `announcement.no_audio`, `request.conflict`. */
  async submit(tx: Transaction, actor: Actor, id: string): Promise<Announcement> {
    const before = await this.#records.own(tx, actor, 'announcement:write', id);
    if (before.state === 'approved') throw conflict(id, 'approved', 'draft or rejected');
    requireStep(before, 'submitted');
    const sha256 = approvalHash(before);
    if (sha256 === null) throw new DomainError('announcement.no_audio', { id });
    const after = { state: 'submitted', rejectedReason: null, decisions: carriedOn(before) } as const;
    return this.#records.save(tx, actor, before, 'announcement.submit', { sha256 }, after);
  }

  /** The areas that it is meant for must be areas for which one may write. */
  #forAreas(actor: Actor, areaIds: readonly string[]): string[] {
    const { tree } = this.#areas;
    for (const id of areaIds) {
      authorize(actor, 'announcement:write', tree.get(id).id, tree);
      if (tree.get(id).retiredAt !== null) throw new DomainError('area.retired', { id });
    }
    return outermost(areaIds, tree);
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
