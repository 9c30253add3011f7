import Type, { type Static } from 'typebox';
import { codec, IdSchema, type PlayOrder, payloadOf, playOrderCodec } from '#protocols';
import type { OrderRecord } from '../state/order-store.ts';

const LooseOrderSchema = Type.Object({
  id: IdSchema,
  broadcastId: IdSchema,
  drill: Type.Optional(Type.Unknown()),
});
const looseOrderCodec = codec('order', LooseOrderSchema);

/** The order to play of a record, which was proved before it was stored. Throws `document.malformed` for what this version cannot read. */
export function playOrderOf({ origin, document }: Pick<OrderRecord, 'origin' | 'document'>): PlayOrder {
  return playOrderCodec.parse(origin === 'plan' ? document : payloadOf(document));
}

/** What can be said of an order that this version cannot read further; undefined where not even that. */
export function looseOrderOf(
  source: Pick<OrderRecord, 'origin' | 'document'> | Uint8Array,
): Static<typeof LooseOrderSchema> | undefined {
  try {
    if (source instanceof Uint8Array) return looseOrderCodec.parse(source);
    return looseOrderCodec.parse(source.origin === 'plan' ? source.document : payloadOf(source.document));
  } catch {
    return undefined;
  }
}

/** What every record of an exercise carries. */
export function drillMark(order: { readonly drill?: unknown } | undefined): { readonly drill?: true } {
  return order?.drill === true ? { drill: true } : {};
}
