import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { assertUsable, type Binaries, locateBinaries } from '#media';
import { type FfmpegRun, runFfmpeg } from '../../../media/ffmpeg.ts';
import { runFfprobe } from '../../../media/ffprobe.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

describe('running ffmpeg', () => {
  let binaries: Binaries;
  beforeAll(async () => {
    binaries = await locateBinaries();
    await assertUsable(binaries);
  });

  function endless(options: Partial<FfmpegRun> = {}): Promise<void> {
    return runFfmpeg({
      binaries,
      clock: new SystemClock(),
      stage: 'measuring',
      input: 'anoisesrc=r=48000',
      inputOptions: ['-f', 'lavfi'],
      filterGraph: null,
      stdoutOptions: ['-f', 's16le'],
      onStdout: () => undefined,
      limits: { timeMs: 60_000, stdoutBytes: 1 << 30 },
      ...options,
    });
  }

  it('fails like any other run when no process can be made', async () => {
    const path = process.env['PATH'];
    // The program that lowers the priority is looked up here.
    process.env['PATH'] = tempDir('no-programs');
    try {
      await expect(endless()).rejects.toMatchObject({ code: 'media.decoder_failed' });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('ends at the time limit', async () => {
    const clock = new FakeClock();
    const run = endless({ clock, limits: { timeMs: 5_000, stdoutBytes: Number.MAX_SAFE_INTEGER } });
    const refused = expect(run).rejects.toMatchObject({ code: 'media.time_limit' });
    await clock.advance(5_000);
    await refused;
    expect(clock.pendingTimers()).toEqual([]);
  });

  it('ends at the output limit', async () => {
    await expect(endless({ limits: { timeMs: 60_000, stdoutBytes: 100_000 } })).rejects.toMatchObject({
      code: 'media.output_limit',
    });
  });

  it('ends when aborted, before and while it runs', async () => {
    await expect(endless({ signal: AbortSignal.abort(new Error('not wanted')) })).rejects.toThrow(
      'not wanted',
    );
    const cancel = new AbortController();
    const run = endless({
      signal: cancel.signal,
      onStdout: () => cancel.abort(new Error('changed my mind')),
    });
    await expect(run).rejects.toThrow('changed my mind');
  });

  it('ends when its output cannot be taken', async () => {
    const onStdout = () => Promise.reject(new Error('disk full'));
    await expect(endless({ onStdout })).rejects.toThrow('disk full');
  });

  it('says what went wrong, bounded', async () => {
    const run = endless({ inputOptions: ['-f', 'lavfi', '-no_such_option', '1'] });
    await expect(run).rejects.toMatchObject({
      code: 'media.decoder_failed',
      message: expect.stringContaining('measuring'),
    });
  });

  it('is refused where the program is not ffmpeg', async () => {
    const none = { ...binaries, ffprobe: '/nowhere/ffprobe' };
    const probing = runFfprobe({
      ffprobe: none.ffprobe,
      clock: new SystemClock(),
      path: '/x',
      timeLimitMs: 1_000,
    });
    await expect(probing).rejects.toMatchObject({ code: 'media.decoder_missing' });
  });
});

describeWith(['ffmpeg'], 'choosing the binaries', () => {
  it("prefers the system's", async () => {
    const found = await locateBinaries();
    expect(found).toMatchObject({ bundled: false, warning: null });
  });

  it('takes what is configured, or refuses: it does not take another', async () => {
    const { ffmpeg } = await locateBinaries();
    expect(await locateBinaries({ path: '', ffmpeg })).toMatchObject({ ffmpeg, bundled: true });
    await expect(locateBinaries({ ffmpeg: '/nowhere/ffmpeg' })).rejects.toMatchObject({
      code: 'media.decoder_missing',
      message: expect.stringContaining('apt-get install ffmpeg'),
    });
  });

  it('takes the first in PATH that can be run', async () => {
    const folder = tempDir('path');
    for (const program of ['ffmpeg', 'ffprobe']) await writeFile(join(folder, program), '#!/bin/sh\n');
    await chmod(join(folder, 'ffmpeg'), 0o755);
    const found = await locateBinaries({ path: `${folder}:${process.env['PATH']}` });
    expect(found.ffmpeg).toBe(join(folder, 'ffmpeg'));
    expect(found.ffprobe).not.toBe(join(folder, 'ffprobe'));
  });
});
