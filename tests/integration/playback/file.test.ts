import { execFile, spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { FileOutput, type OutputSession } from '../../../device-agent/outputs/index.ts';
import { FfmpegDecoder } from '../../../device-agent/playback/index.ts';
import { align, decodeAudio, fromS16, RATE, soundSpan } from '../../helpers/pcm.ts';
import { describeWith, executable } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { clock, FIXTURE_MS, makeFixture, next, recording, soon, startEngine } from './playback-fixture.ts';

describeWith(['ffmpeg'], 'playing a file into the file output', () => {
  let file: string;
  let reference: Float32Array;
  let folder: string;

  beforeAll(async () => {
    file = await makeFixture(tempDir('fixture'));
    reference = await decodeAudio(file);
  });

  beforeEach(() => {
    folder = tempDir('recordings');
  });

  it('records the content, where its own report says', async () => {
    const engine = await startEngine(new FileOutput({ clock, path: folder }));
    const play = engine.play({ file, durationMs: FIXTURE_MS, startAt: soon() });
    const started = next(play, 'started');
    const position = next(play, 'position');
    const { realAt, startErrorMs, plannedAt } = await started;
    expect(realAt - plannedAt).toBeCloseTo(startErrorMs, 3);
    expect((await position).positionMs).toBeGreaterThan(900);
    // On the way the file is readable, its header at most a second behind.
    const partial = await recording(folder);
    expect(partial.stated).toBeLessThanOrEqual(partial.samples.length);
    expect(partial.stated).toBeGreaterThan(partial.samples.length - 1.1 * RATE);

    const outcome = await play.done;
    expect(outcome).toMatchObject({ kind: 'finished', skippedMs: 0 });
    await engine.stop();
    const heard = await recording(folder);
    expect(heard.stated).toBe(heard.samples.length);
    const { lag, correlation } = align(reference, heard.samples);
    expect(correlation).toBeGreaterThan(0.99);
    expect(Math.abs(heard.firstMs + lag / (RATE / 1000) - realAt)).toBeLessThan(2);
    const span = soundSpan(heard.samples);
    const lengthMs = ((span?.end ?? 0) - (span?.start ?? 0)) / (RATE / 1000);
    expect(Math.abs(lengthMs - FIXTURE_MS)).toBeLessThan(50);
  });

  it('stops with a fade, and the record ends where it says', async () => {
    const engine = await startEngine(new FileOutput({ clock, path: folder }));
    const play = engine.play({
      file,
      durationMs: FIXTURE_MS,
      startAt: soon(),
      fadeOutMs: 100,
      offsetMs: 500,
    });
    await next(play, 'started');
    const outcome = await play.stop('cancelled');
    await engine.stop();
    expect(outcome).toMatchObject({ kind: 'interrupted', reason: 'cancelled' });
    if (outcome.kind !== 'interrupted' || outcome.position === null) throw new Error('no position');
    const { samples } = await recording(folder);
    const span = soundSpan(samples, -80);
    const heardMs = ((span?.end ?? 0) - (span?.start ?? 0)) / (RATE / 1000);
    expect(Math.abs(500 + heardMs - outcome.position.positionMs)).toBeLessThan(30);
    const biggest = samples.reduce(
      (most, sample, at) => Math.max(most, Math.abs(sample - (samples[at - 1] ?? 0))),
      0,
    );
    // The tone itself changes by 0.1 from sample to sample at most; a cut would be up to 0.4.
    expect(biggest).toBeLessThan(0.15);
    expect(align(reference.subarray(0.55 * RATE, 0.6 * RATE), samples).correlation).toBeGreaterThan(0.95);
  });

  it('reports a decoder that is killed in mid-play, with the position', async () => {
    const pidFile = join(folder, 'pid');
    const program = join(folder, 'slow-ffmpeg');
    writeFileSync(program, `#!/bin/sh\necho $$ > '${pidFile}'\nexec '${executable('ffmpeg')}' -re "$@"\n`);
    chmodSync(program, 0o755);
    const path = join(folder, 'out');
    const decoder = new FfmpegDecoder({ clock, program });
    const engine = await startEngine(new FileOutput({ clock, path }), decoder);
    const play = engine.play({ file, durationMs: FIXTURE_MS, startAt: soon(900) });
    await next(play, 'started');
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    const outcome = await play.done;
    await engine.stop();
    expect(outcome).toMatchObject({ kind: 'failed', code: 'decoder.failed', position: { repetition: 0 } });
    if (outcome.kind !== 'failed') throw new Error('unreachable');
    expect(outcome.error.params['exitCode']).toBe('SIGKILL');
    expect(outcome.position?.positionMs).toBeLessThan(FIXTURE_MS);
  });

  it('names what is wrong with a decoder or a file', async () => {
    const output = new FileOutput({ clock, path: folder });
    const gone = await startEngine(output, new FfmpegDecoder({ clock, program: '/nonexistent/ffmpeg' }));
    const noDecoder = await gone.play({ file, durationMs: FIXTURE_MS, startAt: soon(0) }).done;
    expect(noDecoder).toMatchObject({ kind: 'failed', code: 'decoder.missing', position: null });
    await gone.stop();
    const engine = await startEngine(output);
    const corrupt = join(folder, 'corrupt.opus');
    writeFileSync(corrupt, Buffer.alloc(10_000, 'loa'));
    const failed = await engine.play({ file: corrupt, durationMs: FIXTURE_MS, startAt: soon(0) }).done;
    expect(failed).toMatchObject({ kind: 'failed', code: 'decoder.failed', position: null });
    if (failed.kind === 'failed') expect(failed.error.message).toContain('Invalid data');
    const nowhere = await startEngine(new FileOutput({ clock, path: join(corrupt, 'below-a-file') }));
    const missing = await nowhere.play({ file, durationMs: FIXTURE_MS, startAt: soon(0) }).done;
    expect(missing).toMatchObject({ kind: 'failed', code: 'output.missing', position: null });
    await engine.stop();
    await nowhere.stop();
  });

  it('hands the PCM to an observer on a Unix socket, and fails when the observer goes', async () => {
    const path = join(folder, 'observer');
    const chunks: Buffer[] = [];
    const server = createServer({ allowHalfOpen: true });
    const connected = new Promise<void>((resolve) => {
      server.on('connection', (socket) => {
        socket.on('data', (chunk) => {
          chunks.push(chunk);
          const whole = Buffer.concat(chunks);
          const begin = whole.findIndex((byte) => byte !== 0);
          // Half a second of sound.
          if (begin >= 0 && whole.length - begin > RATE) socket.destroy();
        });
        socket.on('error', () => undefined);
        resolve();
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const engine = await startEngine(new FileOutput({ clock, path: `unix:${path}` }));
    const play = engine.play({ file, durationMs: FIXTURE_MS, startAt: soon() });
    await connected;
    const outcome = await play.done;
    await engine.stop();
    await new Promise((resolve) => server.close(resolve));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'output.failed' });
    const heard = fromS16(Buffer.concat(chunks));
    const span = soundSpan(heard);
    const part = heard.subarray(span?.start ?? 0);
    expect(align(part, reference).correlation).toBeGreaterThan(0.95);
  });

  it('hands the PCM to the reader of a FIFO; without a reader the output is missing', async () => {
    const path = join(folder, 'fifo');
    await promisify(execFile)('mkfifo', [path]);
    const output = new FileOutput({ clock, path });
    expect(await output.probe()).toMatchObject({ ok: false });
    const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] });
    const heard = buffer(reader.stdout);
    const session = await whenRead(output);
    const block = Buffer.alloc(session.blockFrames * 2, 'pcm');
    for (let count = 0; count < 15; count++) await session.write(block);
    await session.drain();
    expect(await heard).toEqual(Buffer.concat(Array<Buffer>(15).fill(block)));
  });
});

/** The session that opens as soon as the other process has opened the FIFO. */
async function whenRead(output: FileOutput): Promise<OutputSession> {
  for (;;) {
    const session = await output.open().catch(() => undefined);
    if (session !== undefined) return session;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
