import type { ByteSource } from './byte-source.ts';

/** Bytes of each frame by type, the type byte included (RFC 4867 §5.3; 3GPP TS 26.101 and 26.201); 0 for reserved types. */
const NARROW_BAND = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
const WIDE_BAND = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1];

/** AMR and AMR-WB: whether the last frame is whole. */
export async function amrComplaint(bytes: ByteSource): Promise<string | undefined> {
  const wide = (await bytes.read(0, 9)).toString('latin1') === '#!AMR-WB\n';
  const sizes = wide ? WIDE_BAND : NARROW_BAND;
  return walk(bytes, wide ? 9 : 6, 1, (head) => sizes[((head[0] ?? 0) >> 3) & 15] ?? 0);
}

/** AAC in ADTS frames: whether the last frame is whole (ISO/IEC 13818-7 §6.2). */
export async function adtsComplaint(bytes: ByteSource): Promise<string | undefined> {
  return walk(bytes, 0, 7, (head) => {
    const synced = head[0] === 0xff && ((head[1] ?? 0) & 0xf6) === 0xf0;
    return synced ? (((head[3] ?? 0) & 3) << 11) | ((head[4] ?? 0) << 3) | ((head[5] ?? 0) >> 5) : 0;
  });
}

/** An hour has under 180,000 frames; a file made of more of the smallest ones is the decoder's to judge. */
const MOST_FRAMES = 5_000_000;

/** Hops from frame to frame. A frame without a length (a tag, damage) ends the walk: the decoder judges that. */
async function walk(
  bytes: ByteSource,
  start: number,
  headBytes: number,
  frameBytes: (head: Buffer) => number,
): Promise<string | undefined> {
  let at = start;
  for (let frames = 0; at < bytes.size; frames++) {
    if (frames === MOST_FRAMES) return undefined;
    const head = await bytes.read(at, headBytes);
    if (head.byteLength < headBytes) return 'its last frame is not whole';
    const length = frameBytes(head);
    if (length === 0) return undefined;
    at += length;
  }
  return at > bytes.size ? 'its last frame is not whole' : undefined;
}
