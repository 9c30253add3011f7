import { describe, expect, it } from 'vitest';
import { assertUsable, locateBinaries } from '#media';
import { tempDir } from '../../helpers/temp-dir.ts';
import { GREETING, Workshop } from './support.ts';

describe('a machine without ffmpeg', () => {
  it('prepares with the shipped binaries, and says what is wrong with that', async () => {
    const shop = await Workshop.open({ bundledOnly: true });
    expect(shop.binaries.bundled).toBe(true);
    expect(shop.binaries.warning).toContain('apt-get install ffmpeg');
    await assertUsable(shop.binaries);
    const audio = await shop.prepare(GREETING);
    const { lufs, truePeakDb } = await shop.measure(audio.path);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1);
    expect(truePeakDb).toBeLessThanOrEqual(-1.5);
    const webm = await shop.speech('a.webm', '-c:a', 'libopus');
    expect((await shop.prepare(webm)).durationMs).toBeGreaterThan(2_700);
    const silent = await shop.make('a.wav', '-f', 'lavfi', '-t', '3', '-i', 'anullsrc');
    expect((await shop.refusal(silent)).code).toBe('media.silent');
  });

  it('falls back when PATH has none', async () => {
    const binaries = await locateBinaries({ path: tempDir('empty-path') });
    expect(binaries.bundled).toBe(true);
  });
});
