import { createHash } from 'node:crypto';

/** Length of the payload (4 bytes) and the first 8 bytes of a SHA-256 over file, generation and payload. */
const HEAD_BYTES = 12;

/**
 * An entry as it lies in the file whose first word is `magic`. The hash is over the generation too: what an earlier generation left behind
 * in the same place is no entry of this one.
 */
export function encodeEntry(entry: unknown, generation: number, magic: string): Buffer {
  const payload = Buffer.from(JSON.stringify(entry));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(payload.length);
  digest(payload, generation, magic).copy(head, 4);
  return Buffer.concat([head, payload]);
}

/** The whole entries from the start of `bytes` on, and where the first place without one is. */
export function decodeEntries<Entry>(
  bytes: Buffer,
  generation: number,
  magic: string,
): { readonly entries: Entry[]; readonly end: number } {
  const entries: Entry[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (length === 0 || payload.length < length) break;
    if (!digest(payload, generation, magic).equals(bytes.subarray(at + 4, at + HEAD_BYTES))) break;
    // Our own bytes, proven whole by the digest.
    entries.push(JSON.parse(payload.toString()) as Entry);
    at += HEAD_BYTES + length;
  }
  return { entries, end: at };
}

function digest(payload: Buffer, generation: number, magic: string): Buffer {
  return createHash('sha256').update(`${magic} ${generation}\n`).update(payload).digest().subarray(0, 8);
}
