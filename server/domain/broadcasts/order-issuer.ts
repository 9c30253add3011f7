import type { Instant } from '#kit';
import { type CancelOrder, DomainError, MAX_DOCUMENT_BYTES, newId, type Targets, topicOf } from '#protocols';
import type { DocumentSigner } from '../keys/key-service.ts';
import type { StoredOrder } from './broadcast.ts';
import type { PlayOrderBase } from './plan-broadcast.ts';

/** Signs orders with the controller's operational key. */
export type OrderSigner = Pick<DocumentSigner, 'sign'>;

/** Told after the commit that the outbox has something. */
export interface Dispatching {
  kick(): void;
}

/** A cancel order but for its id and targets. */
export type CancelOrderBase = Omit<CancelOrder, 'id' | 'targets'>;

interface Addressed {
  readonly targets: Targets;
  readonly topics: readonly string[];
}

/** Topics of one order: the areas' for area targets, the speakers' own for named ones. */
export function orderTopics(by: 'area' | 'speaker', ids: readonly string[]): string[] {
  return ids.map((id) => topicOf(by === 'area' ? 'areaOrder' : 'order', id));
}

/**
 * Signs one order for each set of targets. Called before the transaction opens: signing waits for nothing in it.
 * Of what sounds it takes only what is cleared. Throws `broadcast.too_many_areas` for what no broker would let through.
 */
export async function issueOrders(
  signer: OrderSigner,
  base: PlayOrderBase | CancelOrderBase,
  addressed: readonly Addressed[],
  now: Instant,
): Promise<StoredOrder[]> {
  return Promise.all(
    addressed.map(async ({ targets, topics }) => {
      const id = newId('ord', now);
      const { document, hash } = await signer.sign('order', { ...base, id, targets });
      if (document.length > MAX_DOCUMENT_BYTES)
        throw new DomainError('broadcast.too_many_areas', {
          bytes: document.length,
          limit: MAX_DOCUMENT_BYTES,
        });
      return {
        id,
        broadcastId: base.broadcastId,
        kind: base.kind,
        document,
        hash,
        topics,
        issuedAt: Math.floor(now),
        expiresAt: base.expiresAt,
      };
    }),
  );
}
