import type { Clock } from '#kit';
import {
  BROADCAST_STATES,
  type CancelOrder,
  DomainError,
  newId,
  nextRevision,
  orderHeaderCodec,
  type PlayRequest,
  statesBefore,
  type Targets,
} from '#protocols';
import { type Actor, authorize, type Permission } from '../accounts/actor.ts';
import type { Announcement } from '../announcements/announcement.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Medium } from '../media/medium.ts';
import { mediumContent } from '../media/medium-content.ts';
import { requireWindow } from '../policies/windows.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Broadcast } from './broadcast.ts';
import { type Dispatching, issueOrders, type OrderSigner, orderTopics } from './order-issuer.ts';
import {
  END_MARGIN_MS,
  type PlayDefaults,
  type PlayTimes,
  playOrder,
  playTimes,
  withinWindow,
} from './plan-broadcast.ts';
import { type ResolvedTargets, resolveTargets, type SpeakerIndex } from './resolve-targets.ts';

export interface BroadcastServiceOptions {
  readonly read: Pick<Stores, 'broadcasts' | 'announcements' | 'media'>;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly signer: OrderSigner;
  readonly dispatcher: Dispatching;
  readonly events: LiveEvents;
  readonly clock: Clock;
  readonly defaults: PlayDefaults;
}

/** Makes and takes back broadcasts. The network hears of them from the outbox, after the commit. */
export class BroadcastService {
  readonly #options: BroadcastServiceOptions;

  constructor(options: BroadcastServiceOptions) {
    this.#options = options;
  }

  /**
   * Broadcasts an approved announcement: broadcast, target snapshot, signed orders with their outbox rows and audit are
   * written in `tx`. Throws `request.forbidden`, `request.conflict` (not approved), `announcement.audio_changed`,
   * `policy.*`, `broadcast.*`, `request.not_found`.
   */
  async play(tx: Transaction, actor: Actor, request: PlayRequest): Promise<Broadcast> {
    const { areas, clock, signer, dispatcher, events } = this.#options;
    const now = clock.now();
    const { announcement, medium } = await this.#approved(tx, actor, request.announcementId);
    const wanted = targetsOf(request);
    const targets = resolveTargets(wanted, areas.tree, this.#options.speakers);
    this.#authorizeTargets(actor, 'broadcast:play', wanted, targets);
    const repeat = { count: request.repeat?.count ?? 1, intervalMs: request.repeat?.intervalMs ?? 0 };
    const { priority } = announcement;
    const asked = playTimes(now, request, priority, medium.durationMs, repeat, this.#options.defaults);
    if (asked.startsAt < now)
      throw new DomainError('broadcast.starts_in_past', { startsAt: new Date(asked.startsAt).toISOString() });
    const leave = this.#leave(actor, announcement, request, wanted, targets, asked);
    const broadcast: Broadcast = {
      id: newId('brc', now),
      announcementId: announcement.id,
      areaId: announcement.areaId,
      title: announcement.title,
      priority,
      state: 'planned',
      startsAt: leave.times.startsAt,
      latestStartAt: leave.times.latestStartAt,
      hardEndAt: leave.times.hardEndAt,
      targets: wanted,
      targetCount: targets.speakerIds.length,
      drill: request.drill ?? false,
      makesGoodOf: null,
      cancelReason: null,
      createdBy: actor.name,
      createdAt: Math.floor(now),
    };
    const order = playOrder({
      broadcastId: broadcast.id,
      title: announcement.title,
      priority,
      content: mediumContent(medium),
      repeat,
      gainDb: request.gainDb ?? 0,
      drill: broadcast.drill,
      now,
      ...leave,
    });
    const addressed = targets.orders.map(({ by, topicIds, targets: to }) => ({
      targets: to,
      topics: orderTopics(by, topicIds),
    }));
    const orders = await issueOrders(signer, order, addressed, now);
    await tx.broadcasts.insert(broadcast, { broadcastId: broadcast.id, speakerIds: targets.speakerIds });
    for (const stored of orders) await tx.broadcasts.insertOrder(stored);
    await record(tx, now, actor, 'broadcast.play', broadcast.id, {
      announcementId: announcement.id,
      sha256: medium.sha256,
      targets: wanted,
      targetCount: broadcast.targetCount,
      startsAt: broadcast.startsAt,
      windowOverride: leave.windowOverride,
      drill: broadcast.drill,
    });
    tx.afterCommit(() => {
      dispatcher.kick();
      events.publish('broadcast.changed', changeOf(broadcast));
    });
    return broadcast;
  }

  /** Takes a broadcast back, before it started or while it sounds. Throws `request.conflict` when it is over. */
  async cancel(tx: Transaction, actor: Actor, id: string, reason: string): Promise<Broadcast> {
    const { clock, dispatcher, events, signer } = this.#options;
    const broadcast = await this.#load(tx, actor, 'broadcast:cancel', id);
    const now = clock.now();
    if (
      !(await tx.broadcasts.transition(id, statesBefore(BROADCAST_STATES, 'cancelled'), 'cancelled', reason))
    )
      throw new DomainError('request.conflict', {
        what: 'broadcast',
        id,
        state: broadcast.state,
        expected: 'one that is not over yet',
      });
    const played = (await tx.broadcasts.orders(id))
      .filter(({ kind }) => kind === 'play')
      .map(({ document, topics }) => ({ header: orderHeaderCodec.parse(payloadOf(document)), topics }));
    const base: Omit<CancelOrder, 'id' | 'targets'> = {
      v: 1,
      kind: 'cancel',
      broadcastId: id,
      // Above what it takes back, also when our clock was set back in between.
      revision: nextRevision(now, Math.max(0, ...played.map(({ header }) => header.revision)), 0),
      requires: ['order:cancel'],
      issuedAt: Math.floor(now),
      // As long as a loudspeaker may still hold the order that this one takes back.
      expiresAt: Math.max(broadcast.hardEndAt, Math.ceil(now)) + END_MARGIN_MS,
      reason,
      by: actor.name,
    };
    const addressed = played.map(({ header: { targets }, topics }) => ({ targets, topics }));
    for (const stored of await issueOrders(signer, base, addressed, now))
      await tx.broadcasts.insertOrder(stored);
    await record(tx, now, actor, 'broadcast.cancel', id, { reason });
    const cancelled: Broadcast = { ...broadcast, state: 'cancelled', cancelReason: reason };
    tx.afterCommit(() => {
      dispatcher.kick();
      events.publish('broadcast.changed', changeOf(cancelled));
    });
    return cancelled;
  }

  list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Broadcast[]> {
    return this.#options.read.broadcasts.list(filter);
  }

  get(actor: Actor, id: string): Promise<Broadcast> {
    return this.#load(this.#options.read, actor, 'broadcast:read', id);
  }

  async #approved(
    tx: Transaction,
    actor: Actor,
    id: string,
  ): Promise<{ announcement: Announcement; medium: Medium }> {
    const announcement = await tx.announcements.get(id);
    if (announcement === null) throw new DomainError('request.not_found', { what: 'announcement', id });
    authorize(actor, 'broadcast:play', announcement.areaId, this.#options.areas.tree);
    if (announcement.state !== 'approved' || announcement.approvedSha256 === null)
      throw new DomainError('request.conflict', {
        what: 'announcement',
        id,
        state: announcement.state,
        expected: 'approved',
      });
    const { approvedSha256: sha256, mediaSha256 } = announcement;
    if (sha256 !== mediaSha256)
      throw new DomainError('announcement.audio_changed', { id, held: mediaSha256, given: sha256 });
    const medium = await tx.media.get(sha256);
    if (medium === null) throw new DomainError('media.not_stored', { sha256 });
    return { announcement, medium };
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
    return broadcast;
  }
}

function targetsOf({ targets }: PlayRequest): Targets {
  return {
    areas: [...new Set(targets.areas ?? [])],
    speakers: [...new Set(targets.speakers ?? [])],
    excludeAreas: [...new Set(targets.excludeAreas ?? [])],
    excludeSpeakers: [...new Set(targets.excludeSpeakers ?? [])],
  };
}

function changeOf({ id, areaId, state }: Broadcast) {
  return { broadcastId: id, areaId, state };
}

/** The payload of a JWS of our own making: its signature needs no check. */
function payloadOf(document: string): Buffer {
  return Buffer.from(document.split('.')[1] ?? '', 'base64url');
}
