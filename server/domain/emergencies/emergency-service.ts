import type { Clock, Milliseconds } from '#kit';
import {
  type AuditAction,
  type Capacity,
  DomainError,
  type EmergencyRequest,
  newId,
  type PlayRequest,
} from '#protocols';
import { type Actor, authorize, isAllowed, type Permission } from '../accounts/actor.ts';
import { capacityOf } from '../accounts/capacity.ts';
import type { Announcement } from '../announcements/announcement.ts';
import { approvalHash } from '../announcements/approval-hash.ts';
import { clear, clearEmergency, type EmergencyLeave } from '../announcements/clearance.ts';
import { refusedThere } from '../announcements/refused-there.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { concerned } from '../areas/commune.ts';
import { areasMeant, leftOut } from '../areas/meant.ts';
import { type Territory, territoryOf } from '../areas/territory.ts';
import { record } from '../audit/record.ts';
import type { BroadcastService, Played } from '../broadcasts/broadcast-service.ts';
import {
  hasTargets,
  resolveTargets,
  type SpeakerIndex,
  wantedTargets,
} from '../broadcasts/resolve-targets.ts';
import { isBeyondAlone } from '../broadcasts/sent-alone.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { mediumOf } from '../media/medium.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Emergency } from './emergency.ts';

/** A second person has so long to confirm. */
const CONFIRM_MS: Milliseconds = 15 * 60_000;
const MOST_LISTED = 200;

/** What became of what was asked for; `played` null: it waits. */
export interface Outcome {
  readonly emergency: Emergency;
  readonly played: Played | null;
}

export interface EmergencyServiceOptions {
  readonly read: Pick<Stores, 'emergencies'>;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly broadcasts: Pick<BroadcastService, 'play'>;
  readonly clock: Clock;
  readonly events: LiveEvents;
  /** What a person may do at this moment; undefined: nobody of that name. */
  readonly actorNow: (name: string) => Actor | undefined;
}

/**
 * Emergencies by the word of people who stand for them. Within one commune a leader's word is enough, also for what nobody approved, and so is anybody's who may
 * broadcast for what is approved. Beyond one commune, or by somebody who is no leader for what is not approved, a second person confirms: one of the two is a leader
 * there. Whoever may broadcast may do without, alone and at once, with a reason that another person reviews.
 */
export class EmergencyService {
  readonly #options: EmergencyServiceOptions;

  constructor(options: EmergencyServiceOptions) {
    this.#options = options;
  }

  /** Those of announcements of these areas, or for somewhere in them, newest first. */
  async list(areaIds: readonly string[], reviews = false): Promise<Emergency[]> {
    const wanted = new Set(areaIds);
    const territory = this.#territory();
    const found: Emergency[] = [];
    for await (const one of this.#options.read.emergencies.newestFirst({ reviews })) {
      if (!wanted.has(one.areaId) && !this.#meantBy(one, territory).some((id) => wanted.has(id))) continue;
      found.push(one);
      if (found.length === MOST_LISTED) break;
    }
    return found;
  }

  /** Airs it, or asks for a second person. Throws `request.forbidden`, `announcement.not_approved`, `emergency.*`, `announcement.audio_changed`, and what `BroadcastService.play` throws. */
  async ask(tx: Transaction, actor: Actor, request: EmergencyRequest): Promise<Outcome> {
    const announcement = await this.#announcement(tx, request.announcementId, request.sha256);
    const meant = this.#meant(request);
    this.#authorizeAll(actor, 'broadcast:play', [announcement.areaId, ...meant]);
    requirePerson(actor);
    const now = Math.floor(this.#options.clock.now());
    const leads = this.#leads(actor, meant);
    const { breakGlass } = request;
    const approved = await this.#isApproved(tx, announcement, request);
    const wanted = { announcementId: announcement.id, by: actor.name };
    const targets = wantedTargets(request.targets);
    const beyond = await isBeyondAlone(tx, { ...wanted, targets }, this.#territory(), now);
    const atOnce = breakGlass !== undefined || (!beyond && (leads || approved));
    const emergency: Emergency = {
      ...{ id: newId('emg', now), announcementId: announcement.id, areaId: announcement.areaId },
      ...{ title: announcement.title, sha256: request.sha256, request, askedBy: actor.name },
      ...{ askedByLeader: leads, askedAs: this.#capacity(actor, 'broadcast:emergency', meant), askedAt: now },
      ...{ expiresAt: now + CONFIRM_MS, state: 'waiting', breakGlass: breakGlass?.reason ?? null },
      ...{ decidedBy: null, decidedAs: null, decidedAt: null, broadcastId: null },
      ...{ reviewedBy: null, reviewedAs: null, reviewedAt: null, justified: null, reviewNote: null },
    };
    const { id: _, sha256: __, ...asked } = { id: emergency.id, ...request };
    const how = { atOnce, approval: request.sha256, as: emergency.askedAs };
    await this.#record(tx, actor, 'emergency.ask', emergency, { ...asked, ...how });
    if (!atOnce) {
      await this.#requireConfirmable(tx, announcement, emergency);
      return { emergency: await this.#save(tx, emergency), played: null };
    }
    return this.#air(tx, actor, emergency, [actor.name]);
  }

  /** The second person's word: it goes out now, if the first one's still counts. Throws `request.not_found`, `request.forbidden`, `request.conflict`, `emergency.same_person`, and as `ask`. */
  async confirm(tx: Transaction, actor: Actor, id: string, sha256: string): Promise<Outcome> {
    const emergency = await this.#waiting(tx, id);
    const announcement = await this.#announcement(tx, emergency.announcementId, sha256);
    const meant = this.#meant(emergency.request);
    this.#authorizeAll(actor, 'broadcast:play', [announcement.areaId, ...meant]);
    requirePerson(actor);
    if (actor.name === emergency.askedBy)
      throw new DomainError('emergency.same_person', { id, actor: actor.name });
    // Who asked may have been deactivated since, or a deputy's days be over.
    const asker = this.#options.actorNow(emergency.askedBy) ?? nobody(emergency.askedBy);
    this.#authorizeAll(asker, 'broadcast:play', [announcement.areaId, ...meant]);
    if (!this.#leads(asker, meant)) this.#authorizeAll(actor, 'broadcast:emergency', meant);
    if (sha256 !== emergency.sha256)
      throw new DomainError('announcement.audio_changed', {
        ...{ id: announcement.id, held: sha256, given: emergency.sha256 },
      });
    const by = [emergency.askedBy, actor.name];
    const as = this.#capacity(actor, 'broadcast:emergency', meant);
    const detail = { askedBy: emergency.askedBy, approval: sha256, as };
    await this.#record(tx, actor, 'emergency.confirm', emergency, detail);
    return this.#air(tx, actor, { ...emergency, decidedAs: as }, by);
  }

  /** Lets one go that waits: who asked for it, or who may cancel broadcasts where it is from or everywhere that it is for. Throws `request.not_found`, `request.forbidden`, `request.conflict`. */
  async drop(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Emergency> {
    const emergency = await this.#waiting(tx, id);
    const { tree } = this.#options.areas;
    if (actor.name !== emergency.askedBy && !isAllowed(actor, 'broadcast:cancel', emergency.areaId, tree))
      this.#authorizeAll(actor, 'broadcast:cancel', this.#meantBy(emergency));
    const decidedAs =
      this.#capacity(actor, 'broadcast:cancel', this.#meantBy(emergency)) ??
      this.#capacity(actor, 'broadcast:cancel', [emergency.areaId]);
    await this.#record(tx, actor, 'emergency.drop', emergency, { reason, as: decidedAs });
    const decidedAt = Math.floor(this.#options.clock.now());
    return this.#save(tx, { ...emergency, state: 'dropped', decidedBy: actor.name, decidedAs, decidedAt });
  }

  /** Says what to think of one that went out by one person's word alone: who answers for everywhere that it was for, never that person. Throws `request.not_found`, `request.forbidden`, `request.conflict`, `emergency.same_person`. */
  async resolve(
    tx: Transaction,
    actor: Actor,
    id: string,
    { justified, note }: { readonly justified: boolean; readonly note: string },
  ): Promise<Emergency> {
    const emergency = await tx.emergencies.get(id);
    if (emergency === null || emergency.breakGlass === null)
      throw new DomainError('request.not_found', { what: 'review', id });
    this.#authorizeAll(actor, 'review:resolve', this.#meantBy(emergency));
    if (actor.name === emergency.askedBy)
      throw new DomainError('emergency.same_person', { id, actor: actor.name });
    if (emergency.reviewedAt !== null)
      throw new DomainError('request.conflict', { what: 'review', id, state: 'resolved', expected: 'open' });
    const reviewedAs = this.#capacity(actor, 'review:resolve', this.#meantBy(emergency));
    await this.#record(tx, actor, 'emergency.review', emergency, { justified, note, as: reviewedAs });
    const reviewedAt = Math.floor(this.#options.clock.now());
    const said = { reviewedBy: actor.name, reviewedAs, reviewedAt, justified, reviewNote: note };
    return this.#save(tx, { ...emergency, ...said });
  }

  async #air(tx: Transaction, actor: Actor, emergency: Emergency, by: readonly string[]): Promise<Outcome> {
    const { announcementId: _, sha256: __, breakGlass: ___, ...how } = emergency.request;
    const request: PlayRequest = { announcementId: emergency.announcementId, ...how };
    const leave = leaveOf(emergency, by);
    const played = await this.#options.broadcasts.play(tx, actor, request, null, leave);
    const decided =
      by.length > 1 ? { decidedBy: actor.name, decidedAt: Math.floor(this.#options.clock.now()) } : {};
    const aired = { ...emergency, ...decided, state: 'aired' as const, broadcastId: played.broadcast.id };
    return { emergency: await this.#save(tx, aired), played };
  }

  async #waiting(tx: Transaction, id: string): Promise<Emergency> {
    const emergency = await tx.emergencies.get(id);
    if (emergency === null) throw new DomainError('request.not_found', { what: 'emergency', id });
    const state = emergency.expiresAt <= this.#options.clock.now() ? 'expired' : emergency.state;
    if (emergency.state !== 'waiting' || state === 'expired')
      throw new DomainError('request.conflict', { what: 'emergency', id, state, expected: 'waiting' });
    return emergency;
  }

  async #announcement(tx: Transaction, id: string, sha256: string): Promise<Announcement> {
    const announcement = await tx.announcements.get(id);
    if (announcement === null) throw new DomainError('request.not_found', { what: 'announcement', id });
    const { priority, state } = announcement;
    if (priority !== 'emergency') throw new DomainError('emergency.not_one', { id, priority });
    if (state === 'rejected' || state === 'withdrawn')
      throw new DomainError('announcement.not_approved', { id, state });
    const held = approvalHash(announcement);
    if (held === null) throw new DomainError('announcement.no_audio', { id });
    if (held !== sha256) throw new DomainError('announcement.audio_changed', { id, held, given: sha256 });
    return announcement;
  }

  /** Every area that is meant. Throws what `resolveTargets` throws of targets that mean nobody. */
  #meant(request: Pick<PlayRequest, 'targets'>): readonly string[] {
    const { areas, speakers } = this.#options;
    const wanted = wantedTargets(request.targets);
    resolveTargets(wanted, areas.tree, speakers);
    return [...areasMeant(wanted, this.#territory())];
  }

  /** The areas that one is for as they are now; where none is left, the one that it is from. */
  #meantBy({ request, areaId }: Emergency, territory = this.#territory()): readonly string[] {
    const meant = [...areasMeant(wantedTargets(request.targets), territory)];
    return meant.length > 0 ? meant : [areaId];
  }

  #territory(): Territory {
    const { areas, speakers } = this.#options;
    return territoryOf(areas.tree, speakers);
  }

  async #isApproved(
    tx: Transaction,
    announcement: Announcement,
    { targets }: EmergencyRequest,
  ): Promise<boolean> {
    const medium = await mediumOf(tx, announcement);
    const place = { targets: wantedTargets(targets), territory: this.#territory() };
    const cleared = clear(announcement, medium, place);
    return 'content' in cleared && cleared.missing.length === 0;
  }

  /** Throws `emergency.refused_there` where leaders said no to it everywhere that it is for: a second person's word would not open it either. */
  async #requireConfirmable(
    tx: Transaction,
    announcement: Announcement,
    { id, sha256, request, askedBy }: Emergency,
  ): Promise<void> {
    const medium = await mediumOf(tx, announcement);
    const place = { targets: wantedTargets(request.targets), territory: this.#territory() };
    const leave = {
      id,
      sha256,
      kind: 'two_persons',
      by: [askedBy, 'a second person'],
      reason: null,
    } as const;
    const cleared = clearEmergency(announcement, medium, place, leave);
    const { areas, speakers } = this.#options;
    const opensNothing =
      'content' in cleared
        ? cleared.missing.length > 0 && !hasTargets(cleared.targets, areas.tree, speakers)
        : cleared.unclear === 'not_here';
    if (opensNothing) throw refusedThere(announcement, cleared.missing, areas.tree);
  }

  #leads(actor: Actor, areaIds: readonly string[]): boolean {
    return areaIds.every((id) => isAllowed(actor, 'broadcast:emergency', id, this.#options.areas.tree));
  }

  #capacity(actor: Actor, permission: Permission, areaIds: readonly string[]): Capacity | null {
    return capacityOf(actor, permission, areaIds, this.#options.areas.tree);
  }

  #authorizeAll(actor: Actor, permission: Permission, areaIds: readonly string[]): void {
    for (const id of areaIds) authorize(actor, permission, id, this.#options.areas.tree);
  }

  async #save(tx: Transaction, emergency: Emergency): Promise<Emergency> {
    await tx.emergencies.save(emergency);
    const { id: emergencyId, areaId, state, breakGlass, reviewedAt } = emergency;
    const review =
      breakGlass === null ? null : reviewedAt === null ? ('open' as const) : ('resolved' as const);
    const { tree } = this.#options.areas;
    const meant = this.#meantBy(emergency);
    const targetAreas = concerned(meant, tree);
    const places = { targetAreas, exceptAreas: leftOut(meant, tree) };
    tx.afterCommit(() =>
      this.#options.events.publish('emergency.changed', { emergencyId, areaId, ...places, state, review }),
    );
    return emergency;
  }

  #record(
    tx: Transaction,
    actor: Actor,
    action: AuditAction,
    emergency: Emergency,
    detail: object,
  ): Promise<void> {
    const { id, areaId } = emergency;
    return record(tx, this.#options.clock.now(), actor, action, id, detail, { areaId });
  }
}

/** By whose word it goes out; null: it is approved, and needs none. */
function leaveOf(
  { id, sha256, breakGlass, askedByLeader }: Emergency,
  by: readonly string[],
): EmergencyLeave | null {
  if (breakGlass !== null) return { id, sha256, by, kind: 'break_glass', reason: breakGlass };
  if (by.length > 1) return { id, sha256, by, kind: 'two_persons', reason: null };
  return askedByLeader ? { id, sha256, by, kind: 'leader', reason: null } : null;
}

/** Who was a person and may do nothing any more. */
function nobody(name: string): Actor {
  return { kind: 'person', name, grants: [] };
}

/** A machine is nobody: it stands for no emergency. Throws `emergency.person_only`. */
function requirePerson({ kind, name }: Actor): void {
  if (kind !== 'person') throw new DomainError('emergency.person_only', { actor: name });
}
