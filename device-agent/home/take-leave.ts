import { type Clock, delay } from '#kit';
import { payloadOf, playOrderCodec } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Journal } from '../journal/journal.ts';
import type { OrderStore } from '../state/order-store.ts';

/** What begins within this time is played first. */
const SOON_MS = 30_000;
/** The home that is left has so long to take the last lines. */
const LAST_WORDS_MS = 5_000;

export interface LeaveOptions {
  readonly journal: Journal;
  readonly orders: OrderStore;
  readonly time: TrustedTime;
  readonly clock: Clock;
}

/** Whether nothing has begun that is still to go on, and nothing begins soon. */
export function nothingUnderWay(orders: OrderStore, now: number): boolean {
  return orders.all().every(({ kind, phase, origin, document }) => {
    if (phase === 'done' || kind !== 'play') return true;
    const order = playOrderCodec.parse(origin === 'plan' ? document : payloadOf(document));
    return phase === 'open' && order.startsAt > now + SOON_MS;
  });
}

/** Says in the journal where it goes and which orders are given up with that, and lets the home that is left hear it, if it listens. */
export async function takeLeave({ journal, orders, time, clock }: LeaveOptions, url: string): Promise<void> {
  const open = orders
    .all()
    .filter(({ kind, origin, phase }) => kind === 'play' && origin === 'order' && phase === 'open');
  const at = factTime(time);
  await Promise.all([
    ...open.map(({ orderId, hash: orderHash, broadcastId }) =>
      journal.append({ kind: 'missed', ...at, orderId, orderHash, broadcastId, code: 'order.moved' }),
    ),
    journal.append({ kind: 'moved', ...at, detail: url.slice(0, 512) }),
  ]);
  const heard = () => {
    const current = journal.epochs.at(-1);
    return current === undefined || current.ackedSeq >= journal.head.seq;
  };
  const over = new AbortController();
  const acknowledged = new Promise<void>((resolve) => {
    const off = journal.onChange(() => {
      if (heard()) resolve();
    });
    over.signal.addEventListener('abort', off, { once: true });
    if (heard()) resolve();
  });
  const late = delay(clock, 'rehome: last words', LAST_WORDS_MS, over.signal).catch(() => undefined);
  await Promise.race([acknowledged, late]);
  over.abort();
}
