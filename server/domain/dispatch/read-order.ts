import { type OrderHeader, orderHeaderCodec, payloadOf } from '#protocols';

/** The header of an order that we signed and stored ourselves: its signature is not proved again. Throws `document.malformed`. */
export function readOrder(document: string): OrderHeader {
  return orderHeaderCodec.parse(payloadOf(document));
}

/** How often a stored order to play lets its content sound; 1 where it does not say. */
export function repeatsOf(document: string): number {
  return repeatsOfLine(payloadOf(document).toString('utf8'));
}

/** The same of a slot's line. */
export function repeatsOfLine(line: string): number {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || !('repeat' in value)) return 1;
  const { repeat } = value;
  if (typeof repeat !== 'object' || repeat === null || !('count' in repeat)) return 1;
  return typeof repeat.count === 'number' ? repeat.count : 1;
}
