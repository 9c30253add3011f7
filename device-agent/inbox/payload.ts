import { type PlayOrder, playOrderCodec } from '#protocols';
import type { OrderRecord } from '../state/order-store.ts';

/** The signed bytes of a compact JWS that was verified before it was stored. */
export function payloadOf(document: string): Buffer {
  return Buffer.from(document.split('.')[1] ?? '', 'base64url');
}

/** The order to play of a record, which was proved before it was stored. Throws `document.malformed` for what this version cannot read. */
export function playOrderOf({ origin, document }: Pick<OrderRecord, 'origin' | 'document'>): PlayOrder {
  return playOrderCodec.parse(origin === 'plan' ? document : payloadOf(document));
}
