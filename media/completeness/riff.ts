import type { ByteSource } from './byte-source.ts';

/** At and above this a size is a recorder's "not known yet": it wrote to a pipe. */
const STREAMED_SIZE = 0x7fff_0000;

/** RIFF/RF64 WAVE: whether the sound data is as long as its header says. A streamed file's size is not known. */
export async function riffComplaint(bytes: ByteSource): Promise<string | undefined> {
  let longDataBytes: number | undefined;
  let at = 12;
  for (let chunks = 0; chunks < 1000 && at + 8 <= bytes.size; chunks++) {
    const head = await bytes.read(at, 8 + 24);
    const name = head.toString('latin1', 0, 4);
    const size = head.readUInt32LE(4);
    if (name === 'ds64' && head.byteLength >= 24) longDataBytes = Number(head.readBigUInt64LE(16));
    if (name === 'data') {
      const promised = size === 0xffff_ffff ? longDataBytes : size >= STREAMED_SIZE ? undefined : size;
      const there = bytes.size - at - 8;
      if (promised === undefined || promised <= there) return undefined;
      return `its header promises ${promised} bytes of sound, ${there} are there`;
    }
    at += 8 + size + (size % 2);
  }
  return 'it ends before its sound begins';
}
