import type { Milliseconds } from '#kit';
import {
  isDomainError,
  type OrderHeader,
  orderHeaderCodec,
  type PlayOrder,
  payloadOf,
  playOrderCodec,
  repetitionMs,
} from '#protocols';
import { airTimeMs } from '../broadcasts/plan-broadcast.ts';
import type { Stores } from '../unit-of-work.ts';

/** The header of an order that we signed and stored ourselves: its signature is not proved again. Throws `document.malformed`. */
export function readOrder(document: string): OrderHeader {
  return orderHeaderCodec.parse(payloadOf(document));
}

/** The whole of an order to play that we signed and stored ourselves: neither its signature nor its shape is proved again. */
export function readPlayOrder(document: string): PlayOrder {
  return JSON.parse(payloadOf(document).toString('utf8')) as PlayOrder;
}

/** What an order lets a loudspeaker sound that nothing interrupts. */
export interface OrderedSound {
  /** How often its content sounds. */
  readonly count: number;
  /** From the first sound to the last; null where nothing says how long it is. */
  readonly lengthMs: Milliseconds | null;
}

/** The same of a stored order to play, or of a slot's line. One that cannot be read sounds once, nobody knows how long. */
export function soundOf(order: Buffer | string): OrderedSound {
  try {
    const { content, prelude, repeat } = playOrderCodec.parse(order);
    const known = 'durationMs' in content;
    return {
      count: repeat.count,
      lengthMs: known ? airTimeMs(repetitionMs({ content, prelude }), repeat) : null,
    };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { count: 1, lengthMs: null };
  }
}

/** How often a broadcast's content is to sound at a loudspeaker, by its slot and its signed orders; null where there is none of them. */
export async function repetitionsOrdered(
  { broadcasts, plans }: Pick<Stores, 'broadcasts' | 'plans'>,
  broadcastId: string,
): Promise<number | null> {
  const slot = await plans.slot(broadcastId);
  const orders = await broadcasts.orders(broadcastId);
  const plays = orders.filter(({ kind }) => kind === 'play');
  const lines = [...(slot === null ? [] : [slot.line]), ...plays.map(({ document }) => payloadOf(document))];
  const all = lines.map((line) => soundOf(line).count);
  return all.length === 0 ? null : Math.max(...all);
}
