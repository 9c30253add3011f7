import type { Clock } from '#kit';
import { DomainError, isDomainError, newId, type PlayRequest, repetitionMs, type Targets } from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { Announcement } from '../announcements/announcement.ts';
import { allowanceOf, isAllowedIn } from '../announcements/approval-areas.ts';
import { approvalHash, isApproved } from '../announcements/approval-hash.ts';
import {
  type Clearing,
  clear,
  clearEmergency,
  type EmergencyLeave,
  type Place,
} from '../announcements/clearance.ts';
import { refusedThere } from '../announcements/refused-there.ts';
import type { StandingGrant } from '../announcements/standing-approval.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { namesOf } from '../areas/area-names.ts';
import { territoryOf } from '../areas/territory.ts';
import { record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { mediumOf } from '../media/medium.ts';
import type { StoredSlot } from '../plans/plan.ts';
import { requireWindow } from '../policies/windows.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import { NOTHING_PENDING, type PendingBroadcasts } from '../urgent/pending-acts.ts';
import { air, orderedBroadcast } from './air.ts';
import type { Broadcast } from './broadcast.ts';
import { notCancellable } from './cancel-orders.ts';
import type { Dispatching, OrderSigner } from './order-issuer.ts';
import {
  endingAt,
  type PlayDefaults,
  type PlayTimes,
  playOrder,
  playTimes,
  preludeOf,
  repeatOf,
  titleOf,
  withinWindow,
} from './plan-broadcast.ts';
import { openBehind, preludesOf } from './preludes.ts';
import { type ResolvedTargets, resolveTargets, type SpeakerIndex, wantedTargets } from './resolve-targets.ts';
import { isBeyondAlone } from './sent-alone.ts';
import { liftedStops, type Stops } from './stops.ts';
import { takeBack } from './take-back.ts';
import { takeBackIn } from './take-back-part.ts';

const ONCE = { count: 1, intervalMs: 0 };

export interface BroadcastServiceOptions {
  readonly read: Pick<Stores, 'broadcasts' | 'announcements' | 'media'>;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly signer: OrderSigner;
  readonly dispatcher: Dispatching;
  readonly events: LiveEvents;
  readonly clock: Clock;
  readonly defaults: PlayDefaults;
  readonly plan: PlanOfBroadcasts;
  readonly stops: Stops;
  /** What is in force and not in the database yet; nothing by default. */
  readonly pending?: PendingBroadcasts;
  /** Something was ordered; called after the commit. */
  readonly onOrdered?: () => void;
}

/** What broadcasts need of the plan and of its clock. */
export interface PlanOfBroadcasts {
  /** Takes a slot out of the plan for good, in the caller's transaction. */
  takeBack(tx: Transaction, slot: StoredSlot): Promise<void>;
  /** Throws `schedule.clock_disputed` while our own clock is in doubt. */
  requireClock(): void;
}

/** An airing that makes another one good: its id follows from that one, so there is never a second. */
export interface MakeGoodAiring {
  readonly id: string;
  readonly makesGoodOf: string;
  /** What covers it besides an approval. */
  readonly standing: readonly StandingGrant[];
}

/** What was broadcast, and the areas that it was asked for and in which nobody approved it: it does not sound there. */
export interface Played {
  readonly broadcast: Broadcast;
  readonly missing: readonly string[];
}

/** Makes and takes back broadcasts. The network hears of them from the outbox, after the commit. */
export class BroadcastService {
  readonly #options: BroadcastServiceOptions;

  constructor(options: BroadcastServiceOptions) {
    this.#options = options;
  }

  /**
   * Broadcasts an approved announcement where it is approved: broadcast, target snapshot, signed orders with their outbox rows and audit are
   * written in `tx`. Throws `request.forbidden`, `announcement.not_approved`, `approval.*` (not there), `emergency.two_persons` (beyond one commune, by who asks alone), `announcement.audio_changed`, `policy.*`, `broadcast.*`, `latch.held`, `request.invalid`, `request.not_found`.
   */
  async play(
    tx: Transaction,
    actor: Actor,
    request: PlayRequest,
    airing: MakeGoodAiring | null = null,
    leave: EmergencyLeave | null = null,
  ): Promise<Played> {
    const { areas, clock, speakers, stops } = this.#options;
    const { tree } = areas;
    const now = clock.now();
    const announcement = await this.#announcement(tx, actor, request.announcementId);
    // An emergency goes out whatever the clock shows.
    if (announcement.priority !== 'emergency') this.#options.plan.requireClock();
    const asked = wantedTargets(request.targets);
    this.#authorizeTargets(actor, 'broadcast:play', asked, resolveTargets(asked, tree, speakers));
    const territory = territoryOf(tree, speakers);
    if (leave === null && announcement.priority === 'emergency') {
      const alone = { announcementId: announcement.id, by: actor.name, targets: asked };
      if (await isBeyondAlone(tx, alone, territory, now)) throw new DomainError('emergency.two_persons');
    }
    const cleared = await this.#cleared(
      tx,
      announcement,
      { targets: asked, territory, standing: airing?.standing ?? [] },
      leave,
    );
    const { content, targets: wanted } = cleared;
    const targets = this.#resolve(announcement, cleared, leave);
    const { priority } = announcement;
    const drill = request.drill ?? false;
    const place = { targets: wanted, territory };
    const prelude = await preludesOf(tx, actor, preludeOf(request, priority), { place, priority });
    const oneMs = repetitionMs({ content, prelude });
    const { startsAt } = playTimes(now, request, priority, oneMs, ONCE, this.#options.defaults);
    const repeat = repeatOf(request, priority, startsAt, oneMs);
    if (content.kind === 'relay' && repeat.count > 1)
      throw new DomainError('request.invalid', {
        reason: 'a relay is of its moment and cannot be repeated',
        field: 'body/repeat',
      });
    const times = playTimes(now, { ...request, startsAt }, priority, oneMs, repeat, this.#options.defaults);
    const within = endingAt(times, request.until);
    if (within.startsAt < now)
      throw new DomainError('broadcast.starts_in_past', {
        startsAt: new Date(within.startsAt).toISOString(),
      });
    const when = this.#leave(actor, announcement, request, wanted, targets, within);
    const releases = liftedStops(stops, actor, request, priority, targets.speakerIds, () =>
      this.#authorizeTargets(actor, 'broadcast:override', wanted, targets),
    );
    const broadcast = orderedBroadcast({
      id: airing?.id ?? newId('brc', now),
      announcementId: announcement.id,
      areaId: announcement.areaId,
      title: titleOf(announcement.title, drill),
      priority,
      startsAt: when.times.startsAt,
      latestStartAt: when.times.latestStartAt,
      hardEndAt: when.times.hardEndAt,
      targets: wanted,
      targetCount: targets.speakerIds.length,
      drill,
      makesGoodOf: airing?.makesGoodOf ?? null,
      clearance: cleared.by,
      createdBy: actor.name,
      createdAt: Math.floor(now),
    });
    const order = playOrder({
      ...{
        broadcastId: broadcast.id,
        title: broadcast.title,
        priority,
        content,
        prelude,
        repeat,
        drill,
        now,
      },
      ...{ releases, test: false, makesGoodOf: broadcast.makesGoodOf, gainDb: request.gainDb ?? 0 },
      overlap: request.overlap ?? 'queue',
      afterInterruption: request.afterInterruption ?? 'resume',
      ...when,
    });
    await air(tx, this.#options, { broadcast, order, targets, cleared: wanted }, territory, now);
    const detail = {
      announcementId: announcement.id,
      sha256: announcement.mediaSha256,
      approval: announcement.approvedSha256,
      ...(leave === null ? {} : { emergency: leave.id, by: leave.by }),
      targets: wanted,
      targetCount: broadcast.targetCount,
      ...(cleared.missing.length === 0 ? {} : { notApproved: cleared.missing }),
      startsAt: broadcast.startsAt,
      windowOverride: when.windowOverride,
      drill,
      ...(request.until === undefined ? {} : { until: request.until }),
      ...(releases.length === 0 ? {} : { releases }),
    };
    await record(tx, now, actor, 'broadcast.play', broadcast.id, detail, { areaId: broadcast.areaId });
    tx.afterCommit(() => this.#options.onOrdered?.());
    if (releases.length > 0) tx.afterCommit(() => stops.lift(actor, releases, broadcast.title));
    return { broadcast, missing: cleared.missing };
  }

  /** Takes a broadcast back, before it started or while it sounds. Throws `request.conflict` when it is over. */
  async cancel(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Broadcast> {
    const broadcast = await this.#load(tx, actor, 'broadcast:cancel', id);
    const now = this.#options.clock.now();
    const cancelled = await takeBack(tx, this.#options, { actor, broadcast, reason, now });
    if (cancelled === null) throw notCancellable(broadcast);
    return cancelled;
  }

  /**
   * Takes back whatever is planned, under way or on the air of an announcement, wherever it was ordered, or in some areas alone, and what has it before its
   * content: who may withdraw the announcement there needs no further leave. In `tx`, with the withdrawal.
   */
  async cancelAllOf(
    tx: Transaction,
    actor: Actor,
    announcementId: string,
    reason: string,
    areaIds?: readonly string[],
  ): Promise<void> {
    const now = this.#options.clock.now();
    const own = await tx.broadcasts.openOf(announcementId);
    for (const broadcast of [...own, ...(await openBehind(tx, announcementId))]) {
      const act = { actor, broadcast, reason, now };
      if (areaIds === undefined) await takeBack(tx, this.#options, act);
      else await takeBackIn(tx, this.#options, { ...act, stops: (id) => this.#isBelow(id, areaIds) });
    }
  }

  /** Takes back what sounds by a leave for a series alone, in these areas; what lies ahead of it leaves the plan by itself. In `tx`, with the end of the leave. */
  async cancelUnder(
    tx: Transaction,
    actor: Actor,
    standingId: string,
    areaIds: readonly string[],
  ): Promise<void> {
    const now = this.#options.clock.now();
    for (const broadcast of await tx.broadcasts.open()) {
      const { clearance, announcementId } = broadcast;
      if (!clearance?.some((one) => one.kind === 'standing' && one.id === standingId)) continue;
      const announcement = announcementId === null ? null : await tx.announcements.get(announcementId);
      const { tree } = this.#options.areas;
      const single = (id: string) =>
        announcement !== null && isApproved(announcement) && isAllowedIn(allowanceOf(announcement), id, tree);
      const stops = (id: string) => this.#isBelow(id, areaIds) && !single(id);
      await takeBackIn(tx, this.#options, {
        actor,
        broadcast,
        reason: 'approval.standing_ended',
        now,
        stops,
      });
    }
  }

  #isBelow(areaId: string, areaIds: readonly string[]): boolean {
    return this.#options.areas.tree.ancestry(areaId).some((id) => areaIds.includes(id));
  }

  async list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Broadcast[]> {
    const { read, pending = NOTHING_PENDING } = this.#options;
    return (await read.broadcasts.list(filter)).map((broadcast) => pending.broadcast(broadcast));
  }

  get(actor: Actor, id: string): Promise<Broadcast> {
    return this.#load(this.#options.read, actor, 'broadcast:read', id);
  }

  async #announcement(tx: Transaction, actor: Actor, id: string): Promise<Announcement> {
    const announcement = await tx.announcements.get(id);
    if (announcement === null) throw new DomainError('request.not_found', { what: 'announcement', id });
    authorize(actor, 'broadcast:play', announcement.areaId, this.#options.areas.tree);
    return announcement;
  }

  async #cleared(
    tx: Transaction,
    announcement: Announcement,
    place: Place,
    leave: EmergencyLeave | null,
  ): Promise<Clearing> {
    const { id, state, mediaSha256: sha256, approvedSha256: given } = announcement;
    const medium = await mediumOf(tx, announcement);
    const cleared =
      leave === null
        ? clear(announcement, medium, place)
        : clearEmergency(announcement, medium, place, leave);
    if ('content' in cleared) return cleared;
    switch (cleared.unclear) {
      case 'not_approved':
        throw new DomainError('announcement.not_approved', { id, state });
      case 'changed':
        throw new DomainError('announcement.audio_changed', { id, held: approvalHash(announcement), given });
      case 'not_stored':
        throw new DomainError('media.not_stored', { sha256 });
      case 'no_audio':
        throw new DomainError('announcement.no_audio', { id });
      case 'not_here':
        throw this.#notHere(announcement, cleared.missing, leave);
      case 'scattered':
        throw new DomainError('approval.scattered', { id });
    }
  }

  /** Who hears it where it was cleared. Throws `approval.areas_missing`, of an emergency `emergency.refused_there`, where all that are meant lie elsewhere. */
  #resolve(
    announcement: Announcement,
    { targets, missing }: Clearing,
    leave: EmergencyLeave | null,
  ): ResolvedTargets {
    const { areas, speakers } = this.#options;
    try {
      return resolveTargets(targets, areas.tree, speakers);
    } catch (error) {
      if (missing.length > 0 && isDomainError(error, 'broadcast.no_targets'))
        throw this.#notHere(announcement, missing, leave);
      throw error;
    }
  }

  #notHere(
    announcement: Announcement,
    missing: readonly string[],
    leave: EmergencyLeave | null,
  ): DomainError {
    const { tree } = this.#options.areas;
    if (leave !== null) return refusedThere(announcement, missing, tree);
    return new DomainError('approval.areas_missing', { id: announcement.id, areas: namesOf(missing, tree) });
  }

  /** Everything that is named or meant must lie in the actor's areas. */
  #authorizeTargets(actor: Actor, permission: Permission, wanted: Targets, targets: ResolvedTargets): void {
    const { tree } = this.#options.areas;
    for (const areaId of wanted.areas) authorize(actor, permission, areaId, tree);
    for (const areaId of targets.areaIds) authorize(actor, permission, areaId, tree);
  }

  /** The window that allows it, or the override; an emergency needs neither. */
  #leave(
    actor: Actor,
    { priority }: Announcement,
    request: PlayRequest,
    wanted: Targets,
    targets: ResolvedTargets,
    times: PlayTimes,
  ) {
    if (request.windowOverride !== undefined) {
      this.#authorizeTargets(actor, 'broadcast:override', wanted, targets);
      const windowOverride = { by: actor.name, reason: request.windowOverride.reason };
      return { times, window: null, windowOverride };
    }
    if (priority === 'emergency') return { times, window: null, windowOverride: null };
    const window = requireWindow(targets.areaIds, this.#options.areas.tree, times);
    return { times: withinWindow(times, window), window, windowOverride: null };
  }

  async #load(
    stores: Pick<Stores, 'broadcasts'>,
    actor: Actor,
    permission: Permission,
    id: string,
  ): Promise<Broadcast> {
    const broadcast = await stores.broadcasts.get(id);
    if (broadcast === null) throw new DomainError('request.not_found', { what: 'broadcast', id });
    authorize(actor, permission, broadcast.areaId, this.#options.areas.tree);
    return (this.#options.pending ?? NOTHING_PENDING).broadcast(broadcast);
  }
}
