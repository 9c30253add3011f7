import type { ByteSource } from './byte-source.ts';

/** MP4 family: whether every top-level box ends inside the file and the index is there (ISO/IEC 14496-12 §4.2). */
export async function mp4Complaint(bytes: ByteSource): Promise<string | undefined> {
  let indexed = false;
  let at = 0;
  for (let boxes = 0; boxes < 100_000 && at < bytes.size; boxes++) {
    const head = await bytes.read(at, 16);
    if (head.byteLength < 8) return at === 0 ? 'it has no content' : undefined;
    const name = head.toString('latin1', 4, 8);
    let length = head.readUInt32BE(0);
    if (length === 1 && head.byteLength === 16) length = Number(head.readBigUInt64BE(8));
    else if (length === 0) length = bytes.size - at;
    // Padding of zeros and such behind the last box.
    if (length < 8) break;
    if (name === 'moov' || name === 'moof') indexed = true;
    if (at + length > bytes.size) return `its part "${printable(name)}" goes on past the end of the file`;
    at += length;
  }
  return indexed ? undefined : 'its index ("moov") is missing';
}

function printable(name: string): string {
  return name.replace(/[^ -~]/g, '?');
}
