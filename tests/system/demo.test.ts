import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { inRepo } from '../helpers/repo-root.ts';
import { executable } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { writeVoice } from './support/voice.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The demonstration as people start it; what it leaves behind lies in `temporary`. */
async function demo(args: readonly string[], temporary: string, path?: string): Promise<Ended> {
  const child = spawn(process.execPath, [inRepo('dist/server/demo/main.js'), ...args], {
    env: { ...process.env, TMPDIR: temporary, ...(path === undefined ? {} : { PATH: path }) },
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

function summaryOf(stdout: string): Record<string, number> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>;
}

/** A PATH as on a machine where nobody installed anything for audio. */
function bareMachine(): string {
  const folder = tempDir('programs');
  // Preparing audio lowers its own priority with it.
  symlinkSync(executable('nice') ?? '', join(folder, 'nice'));
  return folder;
}

it('the demonstration ends with six loudspeakers that played, and figures of their PCM', async () => {
  const temporary = tempDir('demo');
  const { code, stdout, stderr } = await demo(['--once'], temporary);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const summary = summaryOf(stdout);
  expect(summary).toMatchObject({ speakers: 6, finished: 6, failed: 0 });
  expect(Math.abs((summary['lufs'] ?? 0) + 16)).toBeLessThanOrEqual(1);
  expect(summary['truePeakDb']).toBeLessThanOrEqual(-1.5);
  expect(summary['startSkewMs']).toEqual({ p50: expect.any(Number), p99: expect.any(Number) });
  expect(Object.keys(summary)).toEqual([
    'speakers',
    'finished',
    'failed',
    'lufs',
    'truePeakDb',
    'startSkewMs',
  ]);
  // It leaves nothing behind.
  expect((await readdir(temporary)).filter((name) => name.startsWith('loa-lang-demo-'))).toEqual([]);
}, 120_000);

it('audio that is refused ends it with one line that says why', async () => {
  const temporary = tempDir('demo-refused');
  const silent = join(temporary, 'im-lang.wav');
  await mkdir(temporary, { recursive: true });
  const wav = Buffer.alloc(44 + 96_000);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 96_000, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(16_000, 24);
  wav.writeUInt32LE(32_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(96_000, 40);
  await writeFile(silent, wav);
  const { code, stdout, stderr } = await demo(['--once', '--audio', silent], temporary);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/silen/i);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).not.toContain('"finished"');
}, 120_000);

it('on a machine without ffmpeg the shipped one does', async () => {
  const temporary = tempDir('demo-bundled');
  const voice = join(temporary, 'tieng.wav');
  await writeVoice(voice, 1.5, 81);
  const { code, stdout } = await demo(['--once', '--audio', voice], temporary, bareMachine());
  expect(summaryOf(stdout)).toMatchObject({ speakers: 6, finished: 6, failed: 0 });
  expect(code).toBe(0);
}, 120_000);

it('a file that is not there, and an option that is not known, are named', async () => {
  const temporary = tempDir('demo-usage');
  const missing = await demo(['--once', '--audio', join(temporary, 'khong-co.mp3')], temporary);
  expect(missing).toMatchObject({ code: 2, stdout: '' });
  expect(missing.stderr).toContain('khong-co.mp3');
  const unknown = await demo(['--twice'], temporary);
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('--twice');
});
