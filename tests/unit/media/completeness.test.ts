import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { truncationComplaint } from '../../../media/completeness/index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function complaint(
  container: string,
  ...parts: readonly (Buffer | string)[]
): Promise<string | undefined> {
  const path = join(tempDir('complete'), 'file');
  await writeFile(
    path,
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
  );
  return truncationComplaint(path, container);
}

const u32le = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u32be = (value: number) => u32le(value).reverse();

describe('a cut-off file', () => {
  const riff = (size: number, sound: number) =>
    [
      'RIFF',
      u32le(0),
      'WAVE',
      'fmt ',
      u32le(16),
      Buffer.alloc(16),
      'data',
      u32le(size),
      Buffer.alloc(sound),
    ] as const;

  it('is seen in a wav by the size in its header, unless it was streamed', async () => {
    expect(await complaint('wav', ...riff(100, 100))).toBeUndefined();
    expect(await complaint('wav', ...riff(100, 99))).toContain('promises 100 bytes of sound, 99 are there');
    for (const streamed of [0xffff_ffff, 0x7fff_f000, 0x8000_0000])
      expect(await complaint('wav', ...riff(streamed, 50))).toBeUndefined();
    expect(await complaint('wav', 'RIFF', u32le(0), 'WAVE', 'fmt ', u32le(16), Buffer.alloc(16))).toContain(
      'before',
    );
  });

  it('is seen in an ogg by its last page', async () => {
    const page = (flags: number, body: number) =>
      Buffer.concat([
        Buffer.from('OggS\0'),
        Buffer.from([flags]),
        Buffer.alloc(20),
        Buffer.from([1, body]),
        Buffer.alloc(body),
      ]);
    expect(await complaint('ogg', page(2, 9), page(4, 99))).toBeUndefined();
    expect(
      await complaint('ogg', page(2, 9), page(4, 99), 'a tag behind it, longer than a header'),
    ).toBeUndefined();
    expect(await complaint('ogg', page(2, 9), page(0, 99))).toContain('missing');
    expect(await complaint('ogg', page(2, 9), page(4, 99).subarray(0, 60))).toContain('not whole');
    expect(await complaint('ogg', page(2, 9), page(4, 99).subarray(0, 11))).toContain('not whole');
  });

  it('is seen in an mp4 by its boxes', async () => {
    const box = (name: string, body: number) =>
      Buffer.concat([u32be(body + 8), Buffer.from(name), Buffer.alloc(body)]);
    expect(await complaint('mov,mp4', box('ftyp', 8), box('moov', 50), box('mdat', 99))).toBeUndefined();
    expect(await complaint('mov,mp4', box('ftyp', 8), box('mdat', 99))).toContain('moov');
    expect(
      await complaint('mov,mp4', box('ftyp', 8), box('moov', 50), box('mdat', 99).subarray(0, 80)),
    ).toContain('mdat');
    const toTheEnd = Buffer.concat([u32be(0), Buffer.from('mdat'), Buffer.alloc(9)]);
    expect(await complaint('mov,mp4', box('ftyp', 8), box('moov', 50), toTheEnd)).toBeUndefined();
  });

  it('is seen in a webm by its elements, of unknown size too', async () => {
    const ebml = Buffer.from('1a45dfa381ff', 'hex').subarray(0, 4);
    const head = Buffer.concat([ebml, Buffer.from([0x82, 0, 0])]);
    const segment = Buffer.from('1853806701ffffffffffffff', 'hex');
    const cluster = Buffer.from('1f43b67501ffffffffffffff', 'hex');
    const block = Buffer.concat([Buffer.from([0xa3, 0x85]), Buffer.alloc(5)]);
    expect(await complaint('matroska,webm', head, segment, cluster, block, block)).toBeUndefined();
    expect(await complaint('matroska,webm', head, segment, cluster, block, block.subarray(0, 6))).toContain(
      'not whole',
    );
    const known = Buffer.concat([Buffer.from('18538067', 'hex'), Buffer.from([0xa0]), Buffer.alloc(31)]);
    expect(await complaint('matroska,webm', head, known)).toContain('not whole');
  });

  // MPEG-1 layer III, 128 kbit/s, 44100 Hz: 417 bytes.
  const mp3 = Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413, 0x55)]);

  it('is seen in an mp3 by its last frame and by its Xing header', async () => {
    const id3 = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x01\x02', 'latin1'), Buffer.alloc(130)]);
    const id3v1 = Buffer.concat([Buffer.from('TAG'), Buffer.alloc(125)]);
    expect(await complaint('mp3', id3, mp3, mp3, mp3, id3v1)).toBeUndefined();
    expect(await complaint('mp3', mp3, mp3, mp3.subarray(0, 400))).toContain('last frame');
    const xing = Buffer.from(mp3);
    xing.write('Xing', 36, 'latin1');
    xing.writeUInt32BE(3, 40);
    xing.writeUInt32BE(20, 44);
    xing.writeUInt32BE(20 * 417, 48);
    expect(await complaint('mp3', xing, ...Array<Buffer>(19).fill(mp3))).toBeUndefined();
    expect(await complaint('mp3', xing, ...Array<Buffer>(9).fill(mp3))).toContain('promises 8340');
  });

  it('is seen in amr and adts by the last frame', async () => {
    const speech = Buffer.concat([Buffer.from([0x3c]), Buffer.alloc(31)]);
    const pause = Buffer.from([0x7c]);
    expect(await complaint('amr', '#!AMR\n', speech, pause, speech)).toBeUndefined();
    expect(await complaint('amr', '#!AMR\n', speech, pause, speech.subarray(0, 31))).toContain('last frame');
    const wide = Buffer.concat([Buffer.from([0x44]), Buffer.alloc(60)]);
    expect(await complaint('amr', '#!AMR-WB\n', wide, wide)).toBeUndefined();
    const adts = Buffer.concat([Buffer.from('fff150800680fc', 'hex'), Buffer.alloc(45)]);
    expect(await complaint('aac', adts, adts)).toBeUndefined();
    expect(await complaint('aac', adts, adts.subarray(0, 40))).toContain('last frame');
  });

  it('is not looked for where the container gives no way to tell', async () => {
    expect(await complaint('flac', 'fLaC')).toBeUndefined();
    expect(await complaint('constructor', 'x')).toBeUndefined();
  });

  it('never makes the check throw, whatever the bytes', async () => {
    const noise = Buffer.from(
      Array.from({ length: 5000 }, (_, at) => (at * 7919 + (at >> 3) * 104_729) & 255),
    );
    for (const container of ['wav', 'ogg', 'mov', 'matroska', 'mp3', 'amr', 'aac'])
      for (const length of [0, 1, 3, 9, 30, 5000]) await complaint(container, noise.subarray(0, length));
  });
});
