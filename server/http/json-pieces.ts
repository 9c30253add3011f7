import type { Clock } from '#kit';
import { Turns } from '../domain/turns.ts';

/** Arrays up to this length are written at once. */
const SHORT = 20;
const PIECE_CHARACTERS = 64 * 1024;

/** A large value as JSON, in pieces that hold nobody up. It has plain objects, arrays, text, numbers, booleans and null. */
export async function* jsonPieces(
  value: object,
  clock: Pick<Clock, 'monotonic'>,
): AsyncGenerator<string, void> {
  const turns = new Turns(clock);
  let piece = '';
  for (const part of parts(value)) {
    piece += part;
    await turns.take();
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function* parts(value: unknown): Generator<string, void> {
  if (Array.isArray(value) && (value.length > SHORT || value.some(isLong))) {
    yield '[';
    for (const [i, element] of value.entries()) {
      if (i > 0) yield ',';
      yield* parts(element);
    }
    yield ']';
  } else if (isLong(value)) {
    let before = '{';
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* parts(field);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  } else yield JSON.stringify(value);
}

/** Whether an object has a list somewhere near that is to be written piece by piece. */
function isLong(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).some((field) => Array.isArray(field) && (field.length > SHORT || field.some(isLong)))
  );
}
