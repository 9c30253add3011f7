import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PreparedAudio } from '#media';
import { itWith } from '../../helpers/requirements.ts';
import { GREETING, Workshop } from './support.ts';

describe('what phones, studios and browsers make', () => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await Workshop.open();
  });

  /** Every source below is the same speech: what comes out must be the same, too. */
  function expectSpeech(audio: PreparedAudio): void {
    expect(Math.abs(audio.integratedLufs + 16)).toBeLessThanOrEqual(1);
    expect(audio.truePeakDb).toBeLessThanOrEqual(-1.5);
    expect(audio.durationMs).toBeGreaterThan(2_700);
    expect(audio.durationMs).toBeLessThan(3_150);
  }

  it.each([
    ['pcm_u8', 8_000, 1],
    ['pcm_s16le', 11_025, 2],
    ['pcm_s24le', 44_100, 3],
    ['pcm_s32le', 22_050, 5],
    ['pcm_f32le', 48_000, 6],
    ['pcm_f64le', 96_000, 7],
    ['pcm_s16le', 192_000, 8],
  ])('wav %s at %i Hz with %i channels', async (codec, sampleRate, channels) => {
    const args = ['-c:a', codec, '-ar', String(sampleRate), '-ac', String(channels)];
    const audio = await shop.prepare(await shop.speech('a.wav', ...args));
    expectSpeech(audio);
    expect(audio.source).toMatchObject({ container: 'wav', codec, sampleRate, channels });
  });

  it.each([
    ['mp3', ['-c:a', 'libmp3lame', '-b:a', '64k']],
    ['mp3', ['-c:a', 'libmp3lame', '-q:a', '6', '-write_xing', '0']],
    ['m4a', ['-c:a', 'aac']],
    ['m4a', ['-c:a', 'aac', '-movflags', '+faststart']],
    ['aac', ['-c:a', 'aac']],
    ['ogg', ['-c:a', 'libvorbis']],
    ['opus', ['-c:a', 'libopus']],
    ['webm', ['-c:a', 'libopus']],
    ['flac', ['-c:a', 'flac']],
    ['3gp', ['-c:a', 'aac']],
  ])('%s %j', async (extension, args) => {
    expectSpeech(await shop.prepare(await shop.speech(`a.${extension}`, ...args)));
  });

  itWith(['sox'], 'amr as a phone records it, and the same in 3gp', async () => {
    const wav = await shop.speech('a.wav', '-ar', '8000');
    const amr = shop.path('a.amr-nb');
    await shop.sox(wav, amr);
    const audio = await shop.prepare(amr);
    expectSpeech(audio);
    expect(audio.source).toMatchObject({ container: 'amr', codec: 'amr_nb', sampleRate: 8_000 });
    const inside = await shop.make('a.3gp', '-i', amr, '-c', 'copy');
    const same = await shop.prepare(inside);
    expectSpeech(same);
    expect(same.source.codec).toBe('amr_nb');
  });

  it('webm from a browser, without any duration', async () => {
    const path = shop.path('a.webm');
    await writeFile(
      path,
      await shop.piped('-t', '3', '-i', GREETING, '-c:a', 'libopus', '-f', 'webm', '-live', '1'),
    );
    const audio = await shop.prepare(path);
    expectSpeech(audio);
    expect(audio.source).toMatchObject({ codec: 'opus', declaredDurationMs: null });
  });

  it('wav that was streamed, its sizes unknown', async () => {
    const path = shop.path('a.wav');
    const bytes = await shop.piped('-t', '3', '-i', GREETING, '-f', 'wav');
    expect(bytes.readUInt32LE(4)).toBe(0xffff_ffff);
    await writeFile(path, bytes);
    expectSpeech(await shop.prepare(path));
  });

  it('sound in a video', async () => {
    const path = await shop.speech(
      'a.mp4',
      '-f',
      'lavfi',
      '-i',
      'testsrc=d=3:s=64x64',
      '-c:v',
      'mpeg4',
      '-c:a',
      'aac',
    );
    expectSpeech(await shop.prepare(path));
  });

  it('by what is in it, whatever its name says', async () => {
    const path = await shop.speech('picture of a cat; $(reboot).jpg', '-c:a', 'libmp3lame', '-f', 'mp3');
    const audio = await shop.prepare(path);
    expectSpeech(audio);
    expect(audio.source.container).toBe('mp3');
  });
});
