import type { Instant, Milliseconds } from '#kit';
import { DomainError, nextRevision, type PlayOrder, repetitionMs } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import { clearAgain } from '../announcements/clearance.ts';
import type { AreaTree } from '../areas/area.ts';
import { territoryOf } from '../areas/territory.ts';
import { record } from '../audit/record.ts';
import { readPlayOrder } from '../dispatch/read-order.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { mediumOf } from '../media/medium.ts';
import { requireWindow } from '../policies/windows.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Broadcast, StoredOrder } from './broadcast.ts';
import { type Dispatching, issueOrders, type OrderSigner } from './order-issuer.ts';
import { airTimeMs, END_MARGIN_MS, withinWindow } from './plan-broadcast.ts';
import { resolveTargets, type SpeakerIndex } from './resolve-targets.ts';

/** A loudspeaker that is this near to a start has begun: its output is primed and plays what it holds. */
const NEAR_MS: Milliseconds = 15_000;

export interface PostponeParts {
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly signer: OrderSigner;
  readonly dispatcher: Dispatching;
  readonly events: LiveEvents;
}

/**
 * Puts a broadcast that a person ordered for itself, and that has not begun, to a later instant: the same broadcast under a higher revision,
 * at the same loudspeakers. Nothing that began in the meantime begins again: who plays already refuses. Throws `request.conflict` for
 * one of a schedule, one that began or is not approved any more, `policy.*` for an instant outside the windows, `request.forbidden` for one
 * that was let outside them by who may, when the actor may not.
 */
export async function postpone(
  tx: Transaction,
  parts: PostponeParts,
  act: {
    readonly actor: Actor;
    readonly broadcast: Broadcast;
    readonly startsAt: Instant;
    readonly reason: string;
    readonly now: Instant;
  },
): Promise<Broadcast> {
  const { actor, broadcast, startsAt, reason, now } = act;
  const { id, areaId, state, announcementId, scheduleId } = broadcast;
  const refuse = (expected: string) =>
    new DomainError('request.conflict', { what: 'broadcast', id, state, expected });
  if (scheduleId !== null || announcementId === null || (state !== 'planned' && state !== 'issued'))
    throw refuse('one that was ordered by itself and has not begun');
  if (broadcast.startsAt - now < NEAR_MS)
    throw refuse(`one that begins no sooner than in ${NEAR_MS / 1000} s`);
  if (startsAt <= now)
    throw new DomainError('broadcast.starts_in_past', { startsAt: new Date(startsAt).toISOString() });
  const { newest, order } = newestOf(await tx.broadcasts.orders(id));
  // At another hour it is another override: somebody has to answer for that one too.
  if (order.windowOverride !== null) requireOverride(actor, broadcast, parts);
  const announcement = await tx.announcements.get(announcementId);
  const medium = announcement && (await mediumOf(tx, announcement));
  const territory = territoryOf(parts.areas.tree, parts.speakers);
  const addressed = newest.map(({ targets, topics }) => {
    const cleared = announcement && clearAgain({ ...order, targets }, announcement, medium, territory);
    if (cleared === null)
      throw refuse('an announcement that is approved as it was ordered: cancel this one and order it anew');
    return { ...cleared, targets: cleared.order.targets, topics };
  });
  const [first] = addressed;
  if (first === undefined) throw new Error('a broadcast that was ordered has no order');
  const later = shifted(order, startsAt, broadcast, parts);
  const { id: _, targets: __, ...base } = first.order;
  const revised = {
    ...{ ...base, ...later, issuedAt: Math.floor(now), orderedAt: order.orderedAt ?? order.issuedAt },
    revision: nextRevision(now, order.revision, 0),
  };
  const orders = await issueOrders(parts.signer, revised, addressed, now);
  const { latestStartAt, hardEndAt } = later;
  const after: Broadcast = { ...broadcast, startsAt, latestStartAt, hardEndAt };
  const snapshot = await tx.broadcasts.snapshot(id);
  await tx.broadcasts.rewrite(after, snapshot ?? { broadcastId: id, speakerIds: [] });
  for (const stored of orders) await tx.broadcasts.insertOrder(stored);
  const place = { areaId, before: { startsAt: broadcast.startsAt }, after: { startsAt } };
  await record(tx, now, actor, 'broadcast.postpone', id, { reason }, place);
  tx.afterCommit(() => {
    parts.dispatcher.kick();
    parts.events.publish('broadcast.changed', { broadcastId: id, areaId, state });
  });
  return after;
}

/** Everything that is named or meant must lie where the actor may override the windows. Throws `request.forbidden`. */
function requireOverride(
  actor: Actor,
  { targets }: Broadcast,
  { areas: { tree }, speakers }: PostponeParts,
): void {
  for (const areaId of [...targets.areas, ...resolveTargets(targets, tree, speakers).areaIds])
    authorize(actor, 'broadcast:override', areaId, tree);
}

/** The orders to play of the highest revision: one for each set of targets. And what they have in common. */
function newestOf(orders: readonly StoredOrder[]) {
  const plays = orders
    .filter(({ kind }) => kind === 'play')
    .map(({ document, topics }) => ({
      order: readPlayOrder(document),
      topics,
    }));
  const revision = Math.max(...plays.map(({ order }) => order.revision));
  const newest = plays.filter(({ order }) => order.revision === revision);
  const order = newest[0]?.order;
  if (order === undefined) throw new Error('a broadcast that was ordered has no order: state-6142');
  return { order, newest: newest.map(({ order: { targets }, topics }) => ({ targets, topics })) };
}

/** The instants of an order that begins later, within the window that is open then. */
function shifted(
  order: PlayOrder,
  startsAt: Instant,
  { targets }: Broadcast,
  { areas: { tree }, speakers }: PostponeParts,
): Pick<PlayOrder, 'startsAt' | 'latestStartAt' | 'hardEndAt' | 'expiresAt' | 'window'> {
  const lateness = order.latestStartAt - order.startsAt;
  const lengthMs = airTimeMs(repetitionMs(order), order.repeat);
  const hardEndAt = startsAt + lateness + lengthMs + END_MARGIN_MS;
  const times = {
    ...{ startsAt, latestStartAt: startsAt + lateness, hardEndAt, expiresAt: hardEndAt },
    airTimeMs: lengthMs,
  };
  const { areaIds } = resolveTargets(targets, tree, speakers);
  const window = order.window === null ? null : requireWindow(areaIds, tree, times);
  const { airTimeMs: _, ...within } = window === null ? times : withinWindow(times, window);
  return { ...within, window };
}
