import type { Instant } from '#kit';
import {
  type CancelOrder,
  DomainError,
  MAX_DOCUMENT_BYTES,
  MAX_PERSONAL_TARGETS,
  newId,
  type Targets,
  topicOf,
} from '#protocols';
import type { ClearedTargets } from '../announcements/clearance.ts';
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

interface Addressed<To extends Targets> {
  readonly targets: To;
  readonly topics: readonly string[];
}

/** Topics of one order: the areas' for area targets, the speakers' own for named ones. */
export function orderTopics(by: 'area' | 'speaker', ids: readonly string[]): string[] {
  return ids.map((id) => topicOf(by === 'area' ? 'areaOrder' : 'order', id));
}

/** Speakers by name, as many in one order as it takes. */
export function personalShards(speakerIds: readonly string[]): Addressed<Targets>[] {
  const shards: Addressed<Targets>[] = [];
  for (let at = 0; at < speakerIds.length; at += MAX_PERSONAL_TARGETS) {
    const speakers = speakerIds.slice(at, at + MAX_PERSONAL_TARGETS);
    const targets = { areas: [], speakers, excludeAreas: [], excludeSpeakers: [] };
    shards.push({ targets, topics: orderTopics('speaker', speakers) });
  }
  return shards;
}

/**
 * Signs one order for each set of targets. Called before the transaction opens: signing waits for nothing in it.
 * Of what sounds it takes only what is cleared, for targets that are. Throws `broadcast.too_many_areas` for what no broker would let through.
 */
export async function issueOrders<Base extends PlayOrderBase | CancelOrderBase>(
  signer: OrderSigner,
  base: Base,
  addressed: readonly Addressed<Base extends PlayOrderBase ? ClearedTargets : Targets>[],
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
