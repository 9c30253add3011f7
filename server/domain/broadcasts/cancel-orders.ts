import type { Instant } from '#kit';
import { DomainError, nextRevision, type Targets } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { readOrder } from '../dispatch/read-order.ts';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Broadcast, StoredOrder } from './broadcast.ts';
import { type CancelOrderBase, issueOrders, type OrderSigner, orderTopics } from './order-issuer.ts';
import { END_MARGIN_MS } from './plan-broadcast.ts';
import { resolvePlanned } from './plan-targets.ts';
import type { SpeakerIndex } from './resolve-targets.ts';

export interface Cancellation {
  readonly broadcast: Broadcast;
  readonly reason: string;
  readonly by: string;
  readonly now: Instant;
  /** Revision of its slot; 0 where it is of no plan. */
  readonly slotRevision: number;
}

interface CancelParts {
  readonly signer: OrderSigner;
  readonly tree: AreaTree;
  readonly speakers: SpeakerIndex;
}

/** What the audit log says of it. */
export function cancelDetail(reason: string, { drill }: Pick<Broadcast, 'drill'>): object {
  return { reason, ...(drill ? { drill } : {}) };
}

/**
 * Stores signed orders that take a broadcast back, with their outbox rows: to whomever its orders went and, where it is of a plan, to
 * everybody who may hold its slot. Resolves with their revision. The dispatcher is to be kicked after the commit.
 */
export async function cancelOrders(
  tx: Pick<Transaction, 'broadcasts'>,
  parts: CancelParts,
  cancellation: Cancellation,
): Promise<number> {
  const { revision, orders } = await signCancelOrders(tx, parts, cancellation);
  for (const order of orders) await tx.broadcasts.insertOrder(order);
  return revision;
}

/** The same orders, and their revision; nothing is stored. */
export async function signCancelOrders(
  stores: { readonly broadcasts: Pick<Stores['broadcasts'], 'orders'> },
  parts: CancelParts,
  { broadcast, reason, by, now, slotRevision }: Cancellation,
): Promise<{ readonly revision: number; readonly orders: readonly StoredOrder[] }> {
  const { id: broadcastId } = broadcast;
  const played = (await stores.broadcasts.orders(broadcastId))
    .filter(({ kind }) => kind === 'play')
    .map(({ document, topics }) => ({ header: readOrder(document), topics }));
  const base: CancelOrderBase = {
    v: 1,
    kind: 'cancel',
    broadcastId,
    // Above what it takes back, also when our clock was set back in between.
    revision: nextRevision(now, Math.max(slotRevision, ...played.map(({ header }) => header.revision)), 0),
    requires: ['order:cancel'],
    issuedAt: Math.floor(now),
    // As long as a loudspeaker may still hold what this one takes back.
    expiresAt: Math.max(broadcast.hardEndAt, Math.ceil(now)) + END_MARGIN_MS,
    reason,
    by,
    ...(broadcast.drill ? { drill: true } : {}),
  };
  const to: { readonly targets: Targets; readonly topics: readonly string[] }[] =
    slotRevision === 0
      ? played.map(({ header: { targets }, topics }) => ({ targets, topics }))
      : resolvePlanned(broadcast.targets, parts.tree, parts.speakers).orders.map(
          ({ by: kind, topicIds, targets }) => ({ targets, topics: orderTopics(kind, topicIds) }),
        );
  return { revision: base.revision, orders: await issueOrders(parts.signer, base, to, now) };
}

/** What is said of a broadcast that is over. */
export function notCancellable({ id, state }: Broadcast): DomainError {
  return new DomainError('request.conflict', {
    what: 'broadcast',
    id,
    state,
    expected: 'one that is not over yet',
  });
}
