import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ERRORS } from '#protocols';
import { GREETING, Workshop } from './support.ts';

describe('what is refused, each with a code and a whole sentence', () => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await Workshop.open();
  });

  async function file(name: string, data: Uint8Array | string): Promise<string> {
    const path = shop.path(name);
    await writeFile(path, data);
    return path;
  }

  async function expectRefused(path: string, code: keyof typeof ERRORS, limits = {}): Promise<string> {
    const refusal = await shop.refusal(path, { limits });
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(/^[A-Z].*\.$/);
    expect(refusal.message).not.toMatch(/\{\w+\}|undefined|NaN/);
    expect(refusal.message).not.toContain(shop.folder);
    return refusal.message;
  }

  it('empty', async () => {
    await expectRefused(await file('a.wav', ''), 'media.empty');
  });

  it.each([
    ['a text', 'Kính gửi Ủy ban nhân dân xã'],
    ['noise', Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * at * 31 + at * 17) & 255))],
    ['a list that names another file', `ffconcat version 1.0\nfile ${GREETING}\n`],
    ['a stream list', `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${GREETING}\n#EXT-X-ENDLIST\n`],
  ])('not audio: %s', async (_name, data) => {
    await expectRefused(await file('a.mp3', data), 'media.unrecognised');
  });

  it('a sound track of a kind that is not taken, in a container that is', async () => {
    for (const codec of ['ac3', 'wmav2'])
      await expectRefused(await shop.speech('other.mka', '-c:a', codec), 'media.unrecognised');
    const film = await shop.speech('film.mkv', '-f', 'lavfi', '-i', 'testsrc=d=2:s=32x32', '-c:a', 'flac');
    expect((await shop.prepare(film)).durationMs).toBeGreaterThan(1_000);
  });

  it('a picture and a silent film', async () => {
    const picture = await shop.make('a.png', '-f', 'lavfi', '-i', 'testsrc=d=1:s=32x32', '-frames:v', '1');
    await expectRefused(picture, 'media.unrecognised');
    const film = await shop.make('a.mp4', '-f', 'lavfi', '-i', 'testsrc=d=2:s=32x32', '-c:v', 'mpeg4');
    await expectRefused(film, 'media.no_audio');
  });

  it.each([
    ['wav', []],
    ['mp3', ['-c:a', 'libmp3lame']],
    ['mp3', ['-c:a', 'libmp3lame', '-write_xing', '0']],
    ['m4a', ['-c:a', 'aac']],
    ['m4a', ['-c:a', 'aac', '-movflags', '+faststart']],
    ['aac', ['-c:a', 'aac']],
    ['ogg', ['-c:a', 'libvorbis']],
    ['opus', ['-c:a', 'libopus']],
    ['webm', ['-c:a', 'libopus']],
    ['flac', ['-c:a', 'flac']],
  ])('cut off: %s %j', async (extension, args) => {
    const whole = await readFile(await shop.speech(`whole.${extension}`, ...args));
    const cut = whole.subarray(0, Math.round(whole.byteLength * 0.6) + 1);
    await expectRefused(await file(`cut.${extension}`, cut), 'media.truncated');
  });

  it('cut off: what a browser recorded', async () => {
    const whole = await shop.piped('-t', '3', '-i', GREETING, '-c:a', 'libopus', '-f', 'webm', '-live', '1');
    await expectRefused(await file('cut.webm', whole.subarray(0, whole.byteLength - 20)), 'media.truncated');
  });

  it.each([
    ['flac', ['-c:a', 'flac']],
    ['mp3', ['-c:a', 'libmp3lame', '-b:a', '32k']],
    ['opus', ['-c:a', 'libopus']],
  ])('damaged: %s', async (extension, args) => {
    const bytes = await readFile(await shop.speech(`whole.${extension}`, ...args));
    const from = Math.round(bytes.byteLength * 0.3);
    for (let at = from; at < bytes.byteLength * 0.6; at++) bytes[at] = (at * 7919 + (at >> 4) * 31) & 255;
    await expectRefused(await file(`damaged.${extension}`, bytes), 'media.corrupt');
  });

  it('silence, digital and of a room', async () => {
    await expectRefused(await shop.make('a.wav', '-f', 'lavfi', '-t', '3', '-i', 'anullsrc'), 'media.silent');
    const room = await shop.make('a.wav', '-f', 'lavfi', '-i', 'anoisesrc=d=3:a=0.0005:seed=1');
    expect(await expectRefused(room, 'media.silent')).toContain('-60 dBFS');
  });

  it('overdriven', async () => {
    const path = await shop.speech('a.wav', '-af', 'volume=30dB');
    expect(await expectRefused(path, 'media.clipped')).toContain('at most 1 %');
  });

  it('a tone that only touches full scale is not', async () => {
    const tone = await shop.make(
      'a.wav',
      '-f',
      'lavfi',
      '-i',
      'aevalsrc=0.99999*sin(2*PI*1000*t):s=48000:d=2',
    );
    expect((await shop.refusal(tone)).code).toBe('accepted');
  });

  it('too short, the silence around it not counted', async () => {
    const path = await shop.make('a.wav', '-t', '0.6', '-ss', '1', '-i', GREETING, '-af', 'apad=pad_dur=3');
    await expectRefused(path, 'media.too_short');
  });

  it('too long, as decoded', async () => {
    const path = await shop.speech('a.mp3', '-c:a', 'libmp3lame');
    expect(await expectRefused(path, 'media.too_long', { maxDurationMs: 2_000 })).toContain('2 s');
  });

  it('too large', async () => {
    await expectRefused(GREETING, 'media.too_large', { maxBytes: 1_000 });
  });

  it('a small file that decodes to hours', async () => {
    const silence = ['-f', 'lavfi', '-t', '3600', '-i', 'anullsrc=r=8000:cl=mono'];
    const bomb = await shop.make('bomb.flac', ...silence, '-c:a', 'flac');
    // 58 MB of samples.
    expect((await readFile(bomb)).byteLength).toBeLessThan(2_000_000);
    await expectRefused(bomb, 'media.too_long', { maxDurationMs: 60_000 });
  });

  it('more channels and other rates than are taken', async () => {
    const nine = await readFile(await shop.speech('a.wav', '-ac', '1', '-fflags', '+bitexact'));
    nine.writeUInt16LE(9, 22);
    nine.writeUInt16LE(18, 32);
    await expectRefused(await file('nine.wav', nine), 'media.unsupported_channels');
    const slow = await shop.speech('a.wav', '-ar', '4000');
    await expectRefused(slow, 'media.unsupported_rate');
  });
});
