import type { Instant } from '#kit';
import { BROADCAST_STATES, statesBefore } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import type { AreaTree } from '../areas/area.ts';
import { record } from '../audit/record.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { StoredSlot } from '../plans/plan.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Broadcast } from './broadcast.ts';
import { cancelDetail, cancelOrders } from './cancel-orders.ts';
import type { Dispatching, OrderSigner } from './order-issuer.ts';
import type { SpeakerIndex } from './resolve-targets.ts';

export interface TakeBackParts {
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly signer: OrderSigner;
  readonly dispatcher: Dispatching;
  readonly events: LiveEvents;
  readonly plan: { takeBack(tx: Transaction, slot: StoredSlot): Promise<void> };
}

/**
 * Takes one broadcast back, before it started or while it sounds: its state, the orders that stop it, its slot and the audit in `tx`.
 * Resolves with it as it is then; null when it is over already, and nothing was written.
 */
export async function takeBack(
  tx: Transaction,
  { areas, speakers, signer, dispatcher, events, plan }: TakeBackParts,
  act: {
    readonly actor: Actor;
    readonly broadcast: Broadcast;
    readonly reason: string;
    readonly now: Instant;
  },
): Promise<Broadcast | null> {
  const { actor, broadcast, reason, now } = act;
  const { id, areaId } = broadcast;
  if (!(await tx.broadcasts.transition(id, statesBefore(BROADCAST_STATES, 'cancelled'), 'cancelled', reason)))
    return null;
  const slot = broadcast.scheduleId === null ? null : await tx.plans.slot(id);
  await cancelOrders(
    tx,
    { signer, tree: areas.tree, speakers },
    { broadcast, reason, by: actor.name, now, slotRevision: slot?.revision ?? 0 },
  );
  if (slot !== null) await plan.takeBack(tx, slot);
  const place = { areaId, before: { state: broadcast.state }, after: { state: 'cancelled' } };
  await record(tx, now, actor, 'broadcast.cancel', id, cancelDetail(reason, broadcast), place);
  tx.afterCommit(() => {
    dispatcher.kick();
    events.publish('broadcast.changed', { broadcastId: id, areaId, state: 'cancelled' });
  });
  return { ...broadcast, state: 'cancelled', cancelReason: reason };
}
