import Type from 'typebox';
import { codec, IdSchema, InstantSchema } from '../schema.ts';
import { type EvidenceCrypto, hashOf } from './crypto.ts';
import type { KeyHistory } from './key-history.ts';
import { isSignedBy, takeApart } from './signed.ts';

/** What a reader wants to know of an order: other fields stay in its bytes. */
const OrderFactsSchema = Type.Object({
  broadcastId: IdSchema,
  kind: Type.String({ maxLength: 64 }),
  title: Type.Optional(Type.String({ maxLength: 256 })),
  startsAt: Type.Optional(InstantSchema),
});
const factsCodec = codec('order', OrderFactsSchema);

/** An order or slot in the file, by the hash that journal lines name it with. */
export interface KnownOrder {
  readonly broadcastId: string;
  readonly title: string | null;
  readonly startsAt: number | null;
  /** Signed by the controller's key, as was proved; or a plan's line, which is bound by its hash alone. */
  readonly by: 'signature' | 'hash';
}

/** Proves the controller's signature on every order. `broken` names the first that does not hold. */
export function verifyOrders(
  crypto: EvidenceCrypto,
  keys: KeyHistory,
  orders: readonly string[],
  slots: readonly string[],
): {
  readonly known: ReadonlyMap<string, KnownOrder>;
  readonly proved: number;
  readonly broken: string | null;
} {
  const known = new Map<string, KnownOrder>();
  let broken: string | null = null;
  for (const [i, compact] of orders.entries()) {
    const document = takeApart(compact);
    const facts = document === null || document.use !== 'order' ? null : read(document.payload);
    const key = document === null ? undefined : keys.find(document.kid, 'order');
    if (document === null || facts === null) broken ??= `order ${i + 1}: it is no signed order`;
    else if (key === undefined)
      broken ??= `order ${i + 1} of ${facts.broadcastId}: no key statement lets ${document.kid} sign orders`;
    else if (!isSignedBy(crypto, document, key))
      broken ??= `order ${i + 1} of ${facts.broadcastId}: its signature by ${document.kid} does not fit`;
    else known.set(hashOf(crypto, compact), { ...facts, by: 'signature' });
  }
  const proved = known.size;
  for (const line of slots) {
    const facts = parsed(line);
    if (facts !== null) known.set(hashOf(crypto, line), { ...facts, by: 'hash' });
  }
  return { known, proved, broken };
}

function read(payload: unknown): Omit<KnownOrder, 'by'> | null {
  try {
    const { broadcastId, title = null, startsAt = null } = factsCodec.check(payload);
    return { broadcastId, title, startsAt };
  } catch {
    return null;
  }
}

function parsed(line: string): Omit<KnownOrder, 'by'> | null {
  try {
    return read(JSON.parse(line));
  } catch {
    return null;
  }
}
