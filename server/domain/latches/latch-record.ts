import { createHash } from 'node:crypto';
import type { LatchRecord } from './latch.ts';

/** Length of the payload (4 bytes) and the first 8 bytes of a SHA-256 over generation and payload. */
const HEAD_BYTES = 12;

/**
 * A record as it lies in the file. The hash is over the generation too: what an earlier generation left behind in the same place is
 * no record of this one.
 */
export function encodeRecord(record: LatchRecord, generation: number): Buffer {
  const payload = Buffer.from(JSON.stringify(record));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(payload.length);
  digest(payload, generation).copy(head, 4);
  return Buffer.concat([head, payload]);
}

/** The whole records from the start of `bytes` on, and where the first place without one is. */
export function decodeRecords(
  bytes: Buffer,
  generation: number,
): { readonly records: LatchRecord[]; readonly end: number } {
  const records: LatchRecord[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (length === 0 || payload.length < length) break;
    if (!digest(payload, generation).equals(bytes.subarray(at + 4, at + HEAD_BYTES))) break;
    // Our own bytes, proven whole by the digest.
    records.push(JSON.parse(payload.toString()) as LatchRecord);
    at += HEAD_BYTES + length;
  }
  return { records, end: at };
}

function digest(payload: Buffer, generation: number): Buffer {
  return createHash('sha256').update(`loa-latches/1 ${generation}\n`).update(payload).digest().subarray(0, 8);
}
