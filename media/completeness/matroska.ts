import type { ByteSource } from './byte-source.ts';

const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
/** A recorder's file of 4 hours has under a million blocks. */
const MOST_ELEMENTS = 5_000_000;

/**
 * Matroska and WebM: whether every element ends inside the file (RFC 8794 §6). A browser's recorder leaves the sizes of
 * segment and clusters unknown: those are entered, and their children must be whole.
 */
export async function matroskaComplaint(bytes: ByteSource): Promise<string | undefined> {
  let at = 0;
  for (let elements = 0; elements < MOST_ELEMENTS && at < bytes.size; elements++) {
    const head = await bytes.read(at, 12);
    const idBytes = lengthOfNumber(head[0] ?? 0);
    const sizeBytes = lengthOfNumber(head[idBytes] ?? 0);
    if (idBytes > 4 || sizeBytes > 8) return head.byteLength < 2 ? 'its last part is not whole' : undefined;
    if (head.byteLength < idBytes + sizeBytes) return 'its last part is not whole';
    const id = head.readUIntBE(0, idBytes);
    const size = readSize(head.subarray(idBytes, idBytes + sizeBytes));
    at += idBytes + sizeBytes;
    if (size !== undefined && at + size > bytes.size) return 'its last part is not whole';
    const enter = size === undefined ? id === SEGMENT || id === CLUSTER : false;
    if (!enter) {
      if (size === undefined) return undefined;
      at += size;
    }
  }
  return undefined;
}

/** How many bytes an EBML number has: one more than the leading zero bits of its first byte; 9 when it is none. */
function lengthOfNumber(first: number): number {
  return Math.clz32(first) - 23;
}

/** The size's value; undefined for "unknown" (all value bits set). */
function readSize(number: Buffer): number | undefined {
  const marker = 1 << (8 - number.byteLength);
  let value = (number[0] ?? 0) & (marker - 1);
  let unknown = value === marker - 1;
  for (const byte of number.subarray(1)) {
    value = value * 256 + byte;
    unknown &&= byte === 0xff;
  }
  return unknown ? undefined : value;
}
