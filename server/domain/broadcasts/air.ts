import type { Instant } from '#kit';
import { type ClearedTargets, partOf } from '../announcements/clearance.ts';
import type { Territory } from '../areas/territory.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Broadcast } from './broadcast.ts';
import { type Dispatching, issueOrders, type OrderSigner, orderTopics } from './order-issuer.ts';
import type { PlayOrderBase } from './plan-broadcast.ts';
import type { ResolvedTargets } from './resolve-targets.ts';

export interface AirParts {
  readonly signer: OrderSigner;
  readonly dispatcher: Dispatching;
  readonly events: LiveEvents;
}

/** Writes a broadcast, its target snapshot and its signed orders with their outbox rows; the network hears of it after the commit. */
export async function air(
  tx: Transaction,
  { signer, dispatcher, events }: AirParts,
  airing: {
    readonly broadcast: Broadcast;
    readonly order: PlayOrderBase;
    /** Where it was cleared for, and the part of that in which there is anybody. */
    readonly cleared: ClearedTargets;
    readonly targets: ResolvedTargets;
  },
  territory: Territory,
  now: Instant,
): Promise<void> {
  const { broadcast, order, cleared, targets } = airing;
  const addressed = targets.orders.map(({ by, topicIds, targets: to }) => ({
    targets: partOf(cleared, to, territory),
    topics: orderTopics(by, topicIds),
  }));
  const orders = await issueOrders(signer, order, addressed, now);
  await tx.broadcasts.insert(broadcast, { broadcastId: broadcast.id, speakerIds: targets.speakerIds });
  for (const stored of orders) await tx.broadcasts.insertOrder(stored);
  const { id: broadcastId, areaId, state } = broadcast;
  tx.afterCommit(() => {
    dispatcher.kick();
    events.publish('broadcast.changed', { broadcastId, areaId, state });
  });
}

/** A broadcast that somebody ordered, not a plan. */
export function orderedBroadcast(
  facts: Omit<
    Broadcast,
    'state' | 'cancelReason' | 'missedCode' | 'scheduleId' | 'seriesId' | 'sessionId' | 'originalAt'
  >,
): Broadcast {
  return {
    ...facts,
    state: 'planned',
    cancelReason: null,
    missedCode: null,
    scheduleId: null,
    seriesId: null,
    sessionId: null,
    originalAt: null,
  };
}
