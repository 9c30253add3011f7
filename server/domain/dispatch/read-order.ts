import type { Milliseconds } from '#kit';
import {
  isDomainError,
  type OrderHeader,
  orderHeaderCodec,
  payloadOf,
  playOrderCodec,
  repetitionMs,
} from '#protocols';
import { airTimeMs } from '../broadcasts/plan-broadcast.ts';

/** The header of an order that we signed and stored ourselves: its signature is not proved again. Throws `document.malformed`. */
export function readOrder(document: string): OrderHeader {
  return orderHeaderCodec.parse(payloadOf(document));
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
