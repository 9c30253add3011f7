import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PreparationProgress, PreparedAudio } from '#media';
import { CHUNK_BYTES } from '#protocols';
import { tempDir } from '../../helpers/temp-dir.ts';
import { GREETING, Workshop } from './support.ts';

describe('a prepared file', () => {
  let shop: Workshop;
  let audio: PreparedAudio;
  beforeAll(async () => {
    shop = await Workshop.open();
    audio = await shop.prepare(GREETING);
  });

  it('is Opus in Ogg, mono, 48 kHz, without a word about where it came from', async () => {
    expect(await shop.describe(audio.path)).toMatch(/^opus,48000,1,Lavc libopus ogg$/);
    expect((await readFile(audio.path)).toString('latin1')).not.toMatch(/espeak|Lavf5|\d{4}-\d\d-\d\d/);
  });

  it('measures what it says, by another measurement of the decoded file', async () => {
    const { lufs, truePeakDb } = await shop.measure(audio.path);
    expect(lufs).toBe(audio.integratedLufs);
    expect(truePeakDb).toBe(audio.truePeakDb);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1);
    expect(truePeakDb).toBeLessThanOrEqual(-1.5);
  });

  it('lasts what it says, to the sample', async () => {
    const pcm = await shop.piped('-i', audio.path, '-ac', '1', '-ar', '48000', '-f', 's16le');
    expect(audio.durationMs).toBe(Math.round(pcm.byteLength / 2 / 48));
    const { leadMs, tailMs } = audio.trimmed;
    expect(Math.abs(audio.source.durationMs - leadMs - tailMs - audio.durationMs)).toBeLessThanOrEqual(1);
  });

  it('is named and listed by its bytes', async () => {
    const bytes = await readFile(audio.path);
    expect(audio.bytes).toBe(bytes.byteLength);
    expect(audio.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(audio.chunkList.list.chunks).toHaveLength(Math.ceil(bytes.byteLength / CHUNK_BYTES));
  });

  it('has a waveform to draw', () => {
    const { bars, barMs } = audio.waveform;
    expect(bars.length * barMs).toBeGreaterThanOrEqual(audio.durationMs);
    expect(Math.max(...bars)).toBeGreaterThan(150);
    expect(Math.max(...bars)).toBeLessThanOrEqual(Math.round(255 * 10 ** (-1.5 / 20)));
  });

  it('has the same bytes when it is made again', async () => {
    expect((await shop.prepare(GREETING)).sha256).toBe(audio.sha256);
  });

  it('has lost the silence at its ends, all but a tenth of a second', async () => {
    const padded = await shop.make('a.flac', '-i', audio.path, '-af', 'adelay=2000,apad=pad_dur=3');
    const again = await shop.prepare(padded);
    expect(again.trimmed.leadMs).toBeGreaterThanOrEqual(1_890);
    expect(again.trimmed.tailMs).toBeGreaterThanOrEqual(2_890);
    expect(Math.abs(again.durationMs - audio.durationMs)).toBeLessThan(150);
  });

  it.each([
    ['quiet', 'volume=-35dB'],
    ['with hard peaks', 'compand=attacks=0.3:decays=0.8:points=-90/-90|-40/-60|-20/-30|0/0'],
    ['loud and dense', 'acompressor=threshold=0.05:ratio=20:makeup=8,alimiter=limit=0.95:level=false'],
  ])('is as loud as the others where the source is %s', async (_name, filter) => {
    const source = await shop.speech('a.wav', '-af', filter);
    const { lufs, truePeakDb } = await shop.measure((await shop.prepare(source)).path);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1);
    expect(truePeakDb).toBeLessThanOrEqual(-1.5);
  });

  it('holds music and noise to the same bounds', async () => {
    const noise = await shop.make('a.wav', '-f', 'lavfi', '-i', 'anoisesrc=c=pink:d=3:a=0.5:seed=3');
    const { lufs, truePeakDb } = await shop.measure((await shop.prepare(noise)).path);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1);
    expect(truePeakDb).toBeLessThanOrEqual(-1.5);
  });

  it('holds clicks far above the rest to the same bounds', async () => {
    const clicks = 'aevalsrc=if(lt(mod(n\\,24000)\\,1)\\,0.9\\,0.0022*sin(n*0.3)):s=48000:d=3';
    const source = await shop.make('a.wav', '-f', 'lavfi', '-i', clicks);
    const { lufs, truePeakDb } = await shop.measure((await shop.prepare(source)).path);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1);
    expect(truePeakDb).toBeLessThanOrEqual(-1.5);
  });

  it('is not silent where two channels cancel each other out', async () => {
    const source = await shop.speech('a.wav', '-af', 'pan=stereo|c0=c0|c1=-1*c0');
    const { lufs } = await shop.measure((await shop.prepare(source)).path);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1);
  });

  it('reports its progress, stage by stage, never backwards', async () => {
    const seen: PreparationProgress[] = [];
    await shop.prepare(GREETING, { onProgress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual([
      'probing',
      'measuring',
      'encoding',
      'checking',
    ]);
    const shares = seen.map(({ progress }) => progress);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[0]).toBe(0);
    expect(shares.at(-1)).toBe(1);
  });

  it.each(['probing', 'measuring', 'encoding'] as const)(
    'leaves nothing behind when cancelled while %s',
    async (stage) => {
      const cancel = new AbortController();
      const workFolder = tempDir('cancelled');
      const refusal = await shop.refusal(GREETING, {
        workFolder,
        signal: cancel.signal,
        onProgress: (progress) => progress.stage === stage && cancel.abort(),
      });
      expect(refusal.code).toBe('media.cancelled');
      expect(await readdir(workFolder)).toEqual([]);
    },
  );

  it('leaves nothing behind when refused', async () => {
    const workFolder = tempDir('refused');
    const limits = { maxDurationMs: 1_000 };
    expect((await shop.refusal(GREETING, { workFolder, limits })).code).toBe('media.too_long');
    expect(await readdir(workFolder)).toEqual([]);
  });
});
