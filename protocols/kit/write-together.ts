import type { Writable } from 'node:stream';

/** Larger than any packet of ours, well below what a receiver takes as one message. */
const MAX_JOINED_BYTES = 64 * 1024;

/**
 * `writev` of a stream whose every write becomes a message of its own, as a WebSocket's: what was written in one go (corked, or
 * while an earlier write was under way) leaves as one message of at most 64 KiB, and not as a packet on the wire for each piece.
 * A larger piece goes alone.
 */
export function writeTogether(
  this: object,
  pieces: ArrayLike<{ readonly chunk: Buffer }>,
  done: (error?: Error | null) => void,
): void {
  // Typings of streams disagree on what `this` has; each that calls `writev` has this.
  const stream = this as Pick<Writable, '_write'>;
  const messages = joined(Array.from(pieces, ({ chunk }) => chunk));
  const next = (error?: Error | null): void => {
    const message = messages.shift();
    if (error || message === undefined) done(error);
    else stream._write(message, 'binary', next);
  };
  next();
}

function joined(pieces: readonly Buffer[]): Buffer[] {
  const groups: Buffer[][] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group !== undefined && bytes + piece.length <= MAX_JOINED_BYTES) {
      group.push(piece);
      bytes += piece.length;
    } else {
      groups.push([piece]);
      bytes = piece.length;
    }
  }
  return groups.map((group) => (group.length === 1 ? (group[0] as Buffer) : Buffer.concat(group)));
}
