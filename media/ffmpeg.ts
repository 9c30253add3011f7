import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import type { Clock, Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import type { Binaries } from './binaries.ts';
import { TailLines } from './tail-lines.ts';

/** Limits of one run. */
export interface RunLimits {
  /** The process is killed after this long. */
  readonly timeMs: Milliseconds;
  /** The process is killed when it has written more than this many bytes to stdout. */
  readonly stdoutBytes: number;
}

export interface FfmpegRun {
  readonly binaries: Binaries;
  readonly clock: Clock;
  /** What the run is for, as a participle ("measuring"): shown in errors. */
  readonly stage: string;
  /** ffmpeg's name of the input (`file:/…`), or bytes to feed to it. */
  readonly input: string | Readable;
  readonly inputOptions: readonly string[];
  /** ffmpeg's own filter graph; null for none. */
  readonly filterGraph: string | null;
  /** Options of the output that goes to `onStdout`. */
  readonly stdoutOptions: readonly string[];
  /** Options of a second output that is measured and thrown away. */
  readonly nullOptions?: readonly string[];
  /** Called for each piece of output, the next one after it has resolved. What it throws kills the process and is thrown. */
  readonly onStdout: (piece: Buffer) => void | Promise<void>;
  readonly onStderrLine?: (line: string) => void;
  readonly limits: RunLimits;
  readonly signal?: AbortSignal | undefined;
  /** 0 (as ours) to 19 (last); 10 by default, so that preparing audio never delays a broadcast. */
  readonly niceness?: number | undefined;
}

const COMMON = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+info'];

/** ffmpeg ended with an error: what it said last, for the caller to judge. */
export class FfmpegFailure extends DomainError {
  readonly lastLines: readonly string[];

  constructor(stage: string, reason: string, lastLines: readonly string[], cause: unknown) {
    super('media.decoder_failed', { program: 'ffmpeg', stage, reason }, { cause });
    this.name = 'FfmpegFailure';
    this.lastLines = lastLines;
  }
}

/**
 * Runs ffmpeg once and resolves when the process is gone and all its output was taken. This file is the only one that
 * knows the library underneath: no shell, one array element for each argument.
 *
 * Throws `FfmpegFailure`, `media.time_limit`, `media.output_limit`, the signal's reason when aborted, or what
 * `onStdout` threw; in each case the process has ended.
 */
export async function runFfmpeg(run: FfmpegRun): Promise<void> {
  run.signal?.throwIfAborted();
  const tail = new TailLines(40, 400);
  let stopped: { readonly reason: unknown } | undefined;
  let started = false;

  const command = ffmpeg({ niceness: run.niceness ?? 10, stdoutLines: 50 });
  command.setFfmpegPath(run.binaries.ffmpeg);
  surviveFailedSpawn(command);
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    // Before the process exists there is nothing to kill: 'start' looks again.
    if (started) command.kill('SIGKILL');
  };

  let bytes = 0;
  // Not destroyed at its end: the library takes its 'close' for a broken pipe, and a slow exit for a failure.
  const stdout = new Writable({
    autoDestroy: false,
    emitClose: false,
    highWaterMark: 1 << 20,
    write(piece: Buffer, _encoding, done) {
      bytes += piece.byteLength;
      if (bytes > run.limits.stdoutBytes)
        stop(new DomainError('media.output_limit', { limit: run.limits.stdoutBytes }));
      if (stopped) return done();
      try {
        const taken = run.onStdout(piece);
        if (taken === undefined) return done();
        taken.then(() => done(), failed);
      } catch (error) {
        failed(error);
      }
      function failed(error: unknown): void {
        stop(error);
        done();
      }
    },
  });
  const drained = new Promise<void>((resolve) => stdout.once('finish', resolve));

  // As separate arguments: given one array, the library splits its elements at spaces.
  command.input(run.input).inputOptions(...COMMON, ...run.inputOptions);
  if (run.filterGraph !== null) command.complexFilter(run.filterGraph);
  command.output(stdout, { end: true }).outputOptions(...run.stdoutOptions);
  if (run.nullOptions) command.output('-').outputOptions(...run.nullOptions);

  const timeLimit = run.clock.setTimer('media.ffmpeg', run.limits.timeMs, () =>
    stop(new DomainError('media.time_limit', { limitSeconds: Math.round(run.limits.timeMs / 1000) })),
  );
  const onAbort = () => stop(run.signal?.reason);
  run.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      command
        .on('start', () => {
          started = true;
          if (stopped) command.kill('SIGKILL');
        })
        .on('stderr', (line: string) => {
          tail.add(line);
          run.onStderrLine?.(line);
        })
        .on('end', () => resolve())
        .on('error', (error: Error) => reject(error));
      command.run();
    });
    if (!stopped) await drained;
  } catch (error) {
    if (!stopped) throw new FfmpegFailure(run.stage, tail.lastError(), tail.lines, error);
  } finally {
    timeLimit.cancel();
    run.signal?.removeEventListener('abort', onAbort);
    stdout.destroy();
  }
  if (stopped) throw stopped.reason;
}

/** What the library hands on of the program's output. */
interface Ring {
  get(): string;
}
type OnEnd = (error: Error | null, stdout: Ring, stderr: Ring) => void;
interface Spawning {
  /** The arguments, some of which may be left out; the last is the callback of the end. */
  _spawnFfmpeg(...args: readonly unknown[]): void;
}

/**
 * A program that cannot be spawned (no memory, no process left) has no output, which the library reads all the same: a
 * TypeError outside every promise, which would end the controller. It gets empty output instead.
 */
function surviveFailedSpawn(command: ffmpeg.FfmpegCommand): void {
  const spawning = command as unknown as Spawning;
  const spawn = spawning._spawnFfmpeg;
  const none: Ring = { get: () => '' };
  spawning._spawnFfmpeg = (...args) => {
    const onEnd = args.at(-1) as OnEnd;
    const end = (error: Error | null, stdout: Ring = none, stderr: Ring = none) =>
      onEnd(error, stdout, stderr);
    spawn.call(command, ...args.slice(0, -1), end);
  };
}

/**
 * Asks ffmpeg for its encoders. Throws `media.decoder_missing` when it cannot be run or cannot write Opus. Also
 * fills the library's cache, so that the first file is not slower than the others.
 */
export async function assertUsable(binaries: Binaries): Promise<void> {
  const command = ffmpeg();
  command.setFfmpegPath(binaries.ffmpeg);
  const missing = (reason: string, cause?: unknown) =>
    new DomainError('media.decoder_missing', { program: 'ffmpeg', reason }, { cause });
  await new Promise<void>((resolve, reject) => {
    command.availableEncoders((error, encoders) => {
      if (error) reject(missing(`${binaries.ffmpeg} cannot be run`, error));
      else if (!('libopus' in encoders)) reject(missing(`${binaries.ffmpeg} was built without libopus`));
      else resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    command.availableFormats((error) => (error ? reject(missing('it lists no formats', error)) : resolve()));
  });
}
