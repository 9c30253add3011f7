import type { Clock, Instant } from '#kit';
import { BROADCAST_STATES, type PlayOrder, statesBefore } from '#protocols';
import { type ClearedOrder, clearAgain, partOf } from '../announcements/clearance.ts';
import type { AreaTree } from '../areas/area.ts';
import { type Territory, territoryOf } from '../areas/territory.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { cancelOrders } from '../broadcasts/cancel-orders.ts';
import {
  type CancelOrderBase,
  type Dispatching,
  issueOrders,
  type OrderSigner,
  personalShards,
} from '../broadcasts/order-issuer.ts';
import { END_MARGIN_MS } from '../broadcasts/plan-broadcast.ts';
import { resolvePlanned } from '../broadcasts/plan-targets.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import { readOrder } from '../dispatch/read-order.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { readGrants } from '../schedule/series-leaves.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { StoredSlot } from './plan.ts';
import { readLine } from './slot-line.ts';
import { mediaOf } from './still-cleared.ts';

/** Who acts where no person does. */
export const CONTROLLER = 'controller';

export interface SlotBroadcastsOptions {
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly signer: OrderSigner;
  /** Whether a speaker said that it holds plans; undefined before it said anything. */
  readonly holdsPlans: (speakerId: string) => boolean | undefined;
  readonly dispatcher: Dispatching;
  readonly events: LiveEvents;
  readonly clock: Clock;
}

/** The broadcasts of slots: made when their time is near, kept what the plan says until they begin, taken back with it. */
export class SlotBroadcasts {
  readonly #options: SlotBroadcastsOptions;

  constructor(options: SlotBroadcastsOptions) {
    this.#options = options;
  }

  /**
   * Makes the broadcast of a slot, once: its id is the slot's. Issued, or missed where no plan with it was signed before its latest start.
   * Speakers that hold no plans get an order of their own. Null when it was made before.
   */
  async issue(tx: Transaction, slot: StoredSlot, now: Instant): Promise<Broadcast | null> {
    if (!(await tx.plans.markIssued(slot.broadcastId, Math.floor(now)))) return null;
    const before = await tx.broadcasts.get(slot.broadcastId);
    // The row of a slot that was withdrawn and planned again; any other was made by us already.
    if (before !== null && before.state !== 'cancelled') return null;
    const order = readLine(slot.line);
    const { tree } = this.#options.areas;
    const targets = resolvePlanned(order.targets, tree, this.#options.speakers);
    const schedule = await tx.schedules.get(slot.scheduleId);
    const cleared = await this.#clear(tx, slot, order);
    const missed = slot.scopes.length === 0 || slot.publishedAt > slot.latestStartAt;
    const broadcast: Broadcast = {
      ...factsOf(slot, order),
      state: missed ? 'missed' : 'planned',
      targetCount: targets.speakerIds.length,
      cancelReason: null,
      missedCode: missed ? 'schedule.controller_away' : null,
      clearance: cleared?.by ?? null,
      createdBy: schedule?.createdBy ?? CONTROLLER,
      createdAt: before?.createdAt ?? Math.floor(now),
    };
    const snapshot = { broadcastId: broadcast.id, speakerIds: targets.speakerIds };
    if (before === null) await tx.broadcasts.insert(broadcast, snapshot);
    else await tx.broadcasts.rewrite(broadcast, snapshot);
    if (missed) return this.#told(tx, broadcast);
    await tx.broadcasts.transition(broadcast.id, statesBefore(BROADCAST_STATES, 'issued'), 'issued');
    await this.#order(tx, cleared, targets.speakerIds, now);
    return this.#told(tx, { ...broadcast, state: 'issued' });
  }

  /** Brings the broadcast of a slot that has not begun up to what the plan says now. */
  async change(tx: Transaction, slot: StoredSlot, now: Instant): Promise<void> {
    const before = await tx.broadcasts.get(slot.broadcastId);
    if (before === null || (before.state !== 'planned' && before.state !== 'issued')) return;
    const order = readLine(slot.line);
    const targets = resolvePlanned(order.targets, this.#options.areas.tree, this.#options.speakers);
    const cleared = await this.#clear(tx, slot, order);
    const { createdBy, createdAt } = before;
    const broadcast: Broadcast = {
      ...factsOf(slot, order),
      ...{ state: 'issued', targetCount: targets.speakerIds.length, cancelReason: null, missedCode: null },
      ...{ createdBy, createdAt, clearance: cleared?.by ?? null },
    };
    await this.#drop(tx, before, new Set(targets.speakerIds), slot.revision, now);
    await tx.broadcasts.rewrite(broadcast, {
      broadcastId: broadcast.id,
      speakerIds: targets.speakerIds,
    });
    await this.#order(tx, cleared, targets.speakerIds, now);
    this.#told(tx, broadcast);
  }

  /**
   * Takes the broadcast of a slot back that is no longer in the plan: who holds the slot is told to stop. Resolves with the revision
   * that a slot planned again has to be above.
   */
  async withdraw(tx: Transaction, slot: StoredSlot, now: Instant): Promise<number> {
    const before = await tx.broadcasts.get(slot.broadcastId);
    if (before === null) return slot.revision;
    const reason = 'schedule.withdrawn';
    if (
      !(await tx.broadcasts.transition(
        slot.broadcastId,
        statesBefore(BROADCAST_STATES, 'cancelled'),
        'cancelled',
        reason,
      ))
    )
      return slot.revision;
    const { signer, areas, speakers } = this.#options;
    const revision = await cancelOrders(
      tx,
      { signer, tree: areas.tree, speakers },
      { broadcast: before, reason, by: CONTROLLER, now, slotRevision: slot.revision },
    );
    this.#told(tx, { ...before, state: 'cancelled' });
    return revision;
  }

  /** What of a slot may sound now: all of it, or null. Not approved any more: the compilation that is under way takes it back, and its broadcast with it. */
  async #clear(tx: Transaction, { announcementId, scheduleId, originalAt }: StoredSlot, order: PlayOrder) {
    const announcement = await tx.announcements.get(announcementId);
    if (announcement === null) return null;
    const media = await mediaOf(tx, [announcement]);
    const schedule = await tx.schedules.get(scheduleId);
    const territory = this.#territory();
    const grants = schedule === null ? [] : await readGrants(tx, schedule, originalAt, territory);
    return clearAgain(order, announcement, media.get(announcement.mediaSha256 ?? ''), territory, grants);
  }

  #territory(): Territory {
    const { areas, speakers } = this.#options;
    return territoryOf(areas.tree, speakers);
  }

  /** Orders for the speakers that hold no plans, each on its own topic: the others have the slot and need none. */
  async #order(
    tx: Transaction,
    cleared: { readonly order: ClearedOrder<PlayOrder> } | null,
    speakerIds: readonly string[],
    now: Instant,
  ): Promise<void> {
    if (cleared === null || now >= cleared.order.expiresAt) return;
    const without = speakerIds.filter((id) => this.#options.holdsPlans(id) === false);
    if (without.length === 0) return;
    const { id: _, targets: whole, ...base } = cleared.order;
    const shards = personalShards(without).map(({ targets, topics }) => {
      return { targets: partOf(whole, targets, this.#territory()), topics };
    });
    for (const stored of await issueOrders(this.#options.signer, base, shards, now))
      await tx.broadcasts.insertOrder(stored);
  }

  /**
   * Takes back what went to speakers by themselves and is not for them any more: from no plan of theirs does it disappear. The slot's new
   * revision is above what they have, and below any by which they could be meant again.
   */
  async #drop(
    tx: Transaction,
    before: Broadcast,
    meant: ReadonlySet<string>,
    revision: number,
    now: Instant,
  ): Promise<void> {
    const played = (await tx.broadcasts.orders(before.id))
      .filter(({ kind }) => kind === 'play')
      .map(({ document }) => readOrder(document));
    const newest = Math.max(...played.map((header) => header.revision));
    const dropped = played
      .filter((header) => header.revision === newest)
      .flatMap(({ targets }) => targets.speakers.filter((id) => !meant.has(id)));
    if (dropped.length === 0) return;
    const base: CancelOrderBase = {
      ...{ v: 1, kind: 'cancel', broadcastId: before.id, revision, requires: ['order:cancel'] },
      issuedAt: Math.floor(now),
      expiresAt: Math.max(before.hardEndAt, Math.ceil(now)) + END_MARGIN_MS,
      ...{ reason: 'schedule.withdrawn', by: CONTROLLER },
    };
    for (const stored of await issueOrders(this.#options.signer, base, personalShards(dropped), now))
      await tx.broadcasts.insertOrder(stored);
  }

  #told(tx: Transaction, broadcast: Broadcast): Broadcast {
    const { dispatcher, events } = this.#options;
    const { id: broadcastId, areaId, state } = broadcast;
    tx.afterCommit(() => {
      dispatcher.kick();
      events.publish('broadcast.changed', { broadcastId, areaId, state });
    });
    return broadcast;
  }
}

function factsOf(
  slot: StoredSlot,
  order: PlayOrder,
): Omit<
  Broadcast,
  'state' | 'targetCount' | 'cancelReason' | 'missedCode' | 'clearance' | 'createdBy' | 'createdAt'
> {
  const { broadcastId, announcementId, areaId, scheduleId, seriesId, sessionId, originalAt } = slot;
  const { title, priority, startsAt, latestStartAt, hardEndAt, targets, drill, makesGoodOf } = order;
  return {
    ...{ id: broadcastId, announcementId, areaId, title, priority, startsAt, latestStartAt, hardEndAt },
    ...{ targets, drill, makesGoodOf, scheduleId, seriesId, sessionId, originalAt },
  };
}
