import type { Clock } from '#kit';
import { BROADCAST_STATES, DomainError, statesBefore } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Broadcast, StoredOrder, TargetSnapshot } from '../broadcasts/broadcast.ts';
import type { PlanOfBroadcasts } from '../broadcasts/broadcast-service.ts';
import { cancelDetail, notCancellable, signCancelOrders } from '../broadcasts/cancel-orders.ts';
import type { OrderSigner } from '../broadcasts/order-issuer.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { PendingBroadcasts } from './pending-acts.ts';
import type { UrgentAct, UrgentCancel, UrgentHandler } from './urgent-act.ts';
import type { UrgentPlan } from './urgent-acts.ts';
import type { UrgentReads } from './urgent-reads.ts';

/** The dispatcher, as far as an order needs it that is not in the outbox yet. */
export interface DirectDispatch {
  kick(): void;
  publishNow(order: StoredOrder, snapshot: TargetSnapshot | null): Promise<void>;
}

export interface UrgentCancelsOptions {
  readonly read: UrgentReads;
  /** The slots of the present plan. */
  readonly slots: { get(broadcastId: string): { readonly revision: number } | undefined };
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly signer: OrderSigner;
  readonly dispatcher: DirectDispatch;
  readonly plan: Pick<PlanOfBroadcasts, 'takeBack'>;
  readonly pending: PendingBroadcasts;
  readonly events: LiveEvents;
  readonly clock: Clock;
}

/** Takes a broadcast back without the database. */
export class UrgentCancels implements UrgentHandler<UrgentCancel> {
  readonly #options: UrgentCancelsOptions;

  constructor(options: UrgentCancelsOptions) {
    this.#options = options;
  }

  /** Signs the orders that take it back. Throws what `BroadcastService.cancel` throws. */
  async plan(actor: Actor, id: string, reason: string): Promise<UrgentPlan<Broadcast>> {
    const { read, slots, areas, speakers, signer, pending, events, clock } = this.#options;
    const stored = await read.broadcasts.get(id);
    if (stored === null) throw new DomainError('request.not_found', { what: 'broadcast', id });
    authorize(actor, 'broadcast:cancel', stored.areaId, areas.tree);
    const broadcast = pending.broadcast(stored);
    if (!statesBefore(BROADCAST_STATES, 'cancelled').includes(broadcast.state))
      throw notCancellable(broadcast);
    const slotRevision = broadcast.scheduleId === null ? 0 : (slots.get(id)?.revision ?? 0);
    const { orders } = await signCancelOrders(
      read,
      { signer, tree: areas.tree, speakers },
      { broadcast, reason, by: actor.name, now: clock.now(), slotRevision },
    );
    return {
      effect: { kind: 'cancel', broadcastId: id, reason, orders },
      body: { ...broadcast, state: 'cancelled', cancelReason: reason },
      inForce: () =>
        events.publish('broadcast.changed', {
          broadcastId: id,
          areaId: broadcast.areaId,
          state: 'cancelled',
        }),
    };
  }

  async send({ broadcastId, orders }: UrgentCancel): Promise<void> {
    const { read, dispatcher } = this.#options;
    const snapshot = await read.broadcasts.snapshot(broadcastId);
    await Promise.all(orders.map((order) => dispatcher.publishNow(order, snapshot)));
  }

  /** What a loudspeaker reported in between may have ended it before: then it stays as it ended. */
  async apply(tx: Transaction, act: UrgentAct, effect: UrgentCancel): Promise<void> {
    const { dispatcher, plan } = this.#options;
    const { broadcastId, reason, orders } = effect;
    const broadcast = await tx.broadcasts.get(broadcastId);
    if (broadcast === null)
      throw new DomainError('request.not_found', { what: 'broadcast', id: broadcastId });
    const from = statesBefore(BROADCAST_STATES, 'cancelled');
    await tx.broadcasts.transition(broadcastId, from, 'cancelled', reason);
    // Published once more from the outbox, which changes nothing: a loudspeaker knows the order by its id.
    for (const order of orders) await tx.broadcasts.insertOrder(order);
    const slot = await tx.plans.slot(broadcastId);
    if (slot !== null) await plan.takeBack(tx, slot);
    const { at, actor, role, origin = null } = act;
    const detail = JSON.stringify(cancelDetail(reason, broadcast));
    const { areaId } = broadcast;
    await tx.audit.append({
      ...{ at, actor, role, action: 'broadcast.cancel', subject: broadcastId, detail, origin, areaId },
    });
    tx.afterCommit(() => dispatcher.kick());
  }
}
