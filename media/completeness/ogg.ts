import type { ByteSource } from './byte-source.ts';

const HEADER_BYTES = 27;
const END_OF_STREAM = 0x04;
/** Four hours of 20 ms in pages of their own are 720,000. */
const MOST_PAGES = 5_000_000;

/** Ogg: whether the last page is whole and marked as the last (RFC 3533 §6). */
export async function oggComplaint(bytes: ByteSource): Promise<string | undefined> {
  let at = 0;
  let flags = 0;
  for (let pages = 0; at < bytes.size; pages++) {
    if (pages === MOST_PAGES) return undefined;
    const header = await bytes.read(at, HEADER_BYTES + 255);
    if (header.byteLength < HEADER_BYTES) return 'its last page is not whole';
    // A tag behind the last page, or damage between pages: the decoder judges that.
    if (header.toString('latin1', 0, 4) !== 'OggS') return undefined;
    flags = header.readUInt8(5);
    const segments = header.readUInt8(26);
    if (header.byteLength < HEADER_BYTES + segments) return 'its last page is not whole';
    let length = HEADER_BYTES + segments;
    for (const lacing of header.subarray(HEADER_BYTES, HEADER_BYTES + segments)) length += lacing;
    at += length;
  }
  if (at > bytes.size) return 'its last page is not whole';
  return (flags & END_OF_STREAM) === 0 ? 'its last page is missing' : undefined;
}
