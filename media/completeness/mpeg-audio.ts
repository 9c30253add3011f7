import type { ByteSource } from './byte-source.ts';

/** Bit rates in kbit/s by index: MPEG-1 layer III and layer II; MPEG-2 and 2.5 (ISO/IEC 11172-3 §2.4.2.3, 13818-3). */
const V1_LAYER3 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const V1_LAYER2 = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const V2_LAYERS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const V1_RATES = [44_100, 48_000, 32_000];

/** Bytes of junk between frames that are searched in one file; behind more of it the decoder judges. */
const MOST_JUNK_BYTES = 1024 * 1024;

/** Encoders do not agree on whether the frame that carries the count is counted. */
const COUNT_SLACK_BYTES = 3_000;

/** MP3 and MP2: whether the last frame is whole, and the file as long as its Xing header says, where it has one. */
export async function mpegAudioComplaint(bytes: ByteSource): Promise<string | undefined> {
  const start = await afterId3(bytes);
  const end = await beforeTags(bytes);
  const first = await nextFrame(bytes, start, end);
  if (first === undefined) return undefined;
  const promised = await xingBytes(bytes, first.at, first.length);
  if (promised !== undefined && end - first.at + COUNT_SLACK_BYTES < promised)
    return `its header promises ${promised} bytes of sound, ${end - first.at} are there`;
  let frame: Frame | undefined = first;
  let junk = first.at - start;
  // Every frame of a long file is looked at: the chain tells real frames from sound that looks like a header.
  for (let at = first.at; frame !== undefined; ) {
    at = frame.at + frame.length;
    if (at > end) return 'its last frame is not whole';
    frame = at === end || junk > MOST_JUNK_BYTES ? undefined : await nextFrame(bytes, at, end);
    junk += frame === undefined ? 0 : frame.at - at;
  }
  return undefined;
}

interface Frame {
  readonly at: number;
  readonly length: number;
}

/** The next frame at or behind `at`, looked for in the next 64 KiB. */
async function nextFrame(bytes: ByteSource, at: number, end: number): Promise<Frame | undefined> {
  for (let from = at; from < Math.min(end - 4, at + 65_536); from++) {
    const length = frameLength(await bytes.read(from, 4));
    if (length === undefined) continue;
    if (from === at) return { at: from, length };
    // After junk, believe a header only when another one follows where it says.
    if (frameLength(await bytes.read(from + length, 4)) !== undefined) return { at: from, length };
  }
  return undefined;
}

function frameLength(head: Buffer): number | undefined {
  if (head.byteLength < 4 || head[0] !== 0xff) return undefined;
  const bits = head.readUInt32BE(0);
  const version = (bits >>> 19) & 3;
  const layer = (bits >>> 17) & 3;
  const bitrateIndex = (bits >>> 12) & 15;
  const rateIndex = (bits >>> 10) & 3;
  if (bits >>> 21 !== 0x7ff || version === 1 || (layer !== 1 && layer !== 2) || rateIndex === 3)
    return undefined;
  const rates = version === 3 ? (layer === 1 ? V1_LAYER3 : V1_LAYER2) : V2_LAYERS;
  const bitrate = rates[bitrateIndex];
  const fullRate = V1_RATES[rateIndex];
  if (!bitrate || !fullRate) return undefined;
  const sampleRate = version === 3 ? fullRate : version === 2 ? fullRate / 2 : fullRate / 4;
  const slots = version !== 3 && layer === 1 ? 72_000 : 144_000;
  return Math.floor((slots * bitrate) / sampleRate) + ((bits >>> 9) & 1);
}

async function xingBytes(bytes: ByteSource, at: number, length: number): Promise<number | undefined> {
  const frame = await bytes.read(at, Math.min(length, 200));
  for (const mark of ['Xing', 'Info']) {
    const found = frame.indexOf(mark, 4, 'latin1');
    if (found < 0 || found + 16 > frame.byteLength) continue;
    const flags = frame.readUInt32BE(found + 4);
    if ((flags & 2) === 0) return undefined;
    return frame.readUInt32BE(found + 8 + ((flags & 1) === 0 ? 0 : 4));
  }
  return undefined;
}

/** Where the sound starts: behind ID3v2 tags, whose size is written in seven bits a byte. */
async function afterId3(bytes: ByteSource): Promise<number> {
  let at = 0;
  for (let tags = 0; tags < 10; tags++) {
    const head = await bytes.read(at, 10);
    if (head.byteLength < 10 || head.toString('latin1', 0, 3) !== 'ID3') break;
    const size = head.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0);
    at += 10 + size + (((head[5] ?? 0) & 0x10) === 0 ? 0 : 10);
  }
  return at;
}

/** Where the sound ends: before an ID3v1 tag (128 bytes) and an APE tag (with a footer that says its size). */
async function beforeTags(bytes: ByteSource): Promise<number> {
  let end = bytes.size;
  if ((await bytes.read(Math.max(0, end - 128), 3)).toString('latin1') === 'TAG') end -= 128;
  const footer = Buffer.from(await bytes.read(Math.max(0, end - 32), 32));
  if (footer.byteLength === 32 && footer.toString('latin1', 0, 8) === 'APETAGEX') {
    const hasHeader = (footer.readUInt32LE(20) & 0x8000_0000) !== 0;
    end -= footer.readUInt32LE(12) + (hasHeader ? 32 : 0);
  }
  return Math.max(0, end);
}
