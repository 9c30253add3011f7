import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { inRepo } from '../helpers/repo-root.ts';
import { executable, fakeTimeLibrary, itWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { writeVoice } from './support/voice.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The demonstration as people start it; what it leaves behind lies in `temporary`. */
async function demo(
  args: readonly string[],
  temporary: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [inRepo('dist/server/demo/main.js'), ...args], {
    env: { ...process.env, TMPDIR: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** A PATH as on a machine where nobody installed anything for audio. */
function bareMachine(): string {
  const folder = tempDir('programs');
  // Preparing audio lowers its own priority with it.
  symlinkSync(executable('nice') ?? '', join(folder, 'nice'));
  return folder;
}

it('on a machine without ffmpeg the demonstration plays on six loudspeakers and judges their PCM', async () => {
  const temporary = tempDir('demo');
  const { code, stdout, stderr } = await demo(['--once'], temporary, { PATH: bareMachine() });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>;
  expect(Object.keys(summary)).toEqual([
    'speakers',
    'finished',
    'failed',
    'lufs',
    'truePeakDb',
    'startSkewMs',
  ]);
  expect(summary).toMatchObject({ speakers: 6, finished: 6, failed: 0 });
  expect(Math.abs((summary['lufs'] ?? 0) + 16)).toBeLessThanOrEqual(1);
  expect(summary['truePeakDb']).toBeLessThanOrEqual(-1.5);
  expect(summary['startSkewMs']).toEqual({ p50: expect.any(Number), p99: expect.any(Number) });
  // It leaves nothing behind.
  expect((await readdir(temporary)).filter((name) => name.startsWith('loa-lang-demo-'))).toEqual([]);
}, 120_000);

/** An environment in which it is now three in the night at Tân An, in every process alike. */
function threeInTheNight(): Record<string, string> {
  const now = Date.now();
  const dayMs = 24 * 3_600_000;
  const night = Math.floor(now / dayMs) * dayMs + 20 * 3_600_000;
  const aheadSeconds = Math.round((night - now) / 1000);
  return {
    LD_PRELOAD: fakeTimeLibrary() ?? '',
    FAKETIME: `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

itWith(
  ['faketime', 'ffmpeg'],
  'at three in the night the demonstration plays as by day',
  async () => {
    const { code, stdout, stderr } = await demo(['--once'], tempDir('demo-night'), threeInTheNight());
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>;
    expect(summary).toMatchObject({ speakers: 6, finished: 6, failed: 0 });
    expect(Math.abs((summary['lufs'] ?? 0) + 16)).toBeLessThanOrEqual(1);
  },
  120_000,
);

it('audio that cannot be used and options that are not known end it with one line that names them', async () => {
  const temporary = tempDir('demo-refused');
  const silent = join(temporary, 'im-lang.wav');
  await writeVoice(silent, 1.5, 0, 0);
  const [refused, missing, unknown] = await Promise.all([
    demo(['--once', '--audio', silent], temporary),
    demo(['--once', '--audio', join(temporary, 'khong-co.mp3')], temporary),
    demo(['--twice'], temporary),
  ]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/silen/i);
  expect(refused.stderr).not.toMatch(/\n\s+at /);
  expect(refused.stdout).not.toContain('"finished"');
  expect(missing).toMatchObject({ code: 2, stdout: '' });
  expect(missing.stderr).toContain('khong-co.mp3');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('--twice');
}, 120_000);
