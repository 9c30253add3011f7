import { spawn } from 'node:child_process';
import type { Clock, Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import { fileInput, INPUT_GUARD } from './formats.ts';
import { TailLines } from './tail-lines.ts';

export interface FfprobeRun {
  /** Absolute path of the program. */
  readonly ffprobe: string;
  readonly clock: Clock;
  /** The file to look at. */
  readonly path: string;
  readonly timeLimitMs: Milliseconds;
  readonly signal?: AbortSignal | undefined;
}

/** What ffprobe said: JSON text when it recognised the file, else its complaints. */
export type FfprobeAnswer =
  | { readonly ok: true; readonly json: string }
  | { readonly ok: false; readonly lines: readonly string[] };

/** Of a real file it is a few KiB; more is a file made to fill memory. */
const MOST_JSON_BYTES = 1024 * 1024;

const QUESTION = [
  '-v',
  'error',
  '-of',
  'json',
  '-show_entries',
  'format=format_name,duration,probe_score:stream=index,codec_type,codec_name,sample_rate,channels,duration_ts,time_base',
];

/**
 * Runs ffprobe once. Started here and not through the library, whose ffprobe call can be neither stopped nor bounded.
 * Throws `media.decoder_missing`, `media.time_limit` or the signal's reason; the process has then ended.
 */
export function runFfprobe(run: FfprobeRun): Promise<FfprobeAnswer> {
  run.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(run.ffprobe, [...QUESTION, ...INPUT_GUARD, '-i', fileInput(run.path)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const tail = new TailLines(20, 400);
    const pieces: Buffer[] = [];
    let bytes = 0;
    let stopped: { readonly reason: unknown } | undefined;
    const stop = (reason: unknown) => {
      stopped ??= { reason };
      child.kill('SIGKILL');
    };
    child.stdout.on('data', (piece: Buffer) => {
      bytes += piece.byteLength;
      if (bytes <= MOST_JSON_BYTES) pieces.push(piece);
      else stop(new DomainError('media.output_limit', { limit: MOST_JSON_BYTES }));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) tail.add(line);
    });
    const timeLimit = run.clock.setTimer('media.ffprobe', run.timeLimitMs, () =>
      stop(new DomainError('media.time_limit', { limitSeconds: Math.round(run.timeLimitMs / 1000) })),
    );
    const onAbort = () => stop(run.signal?.reason);
    run.signal?.addEventListener('abort', onAbort, { once: true });
    const over = () => {
      timeLimit.cancel();
      run.signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (cause) => {
      over();
      const reason = `${run.ffprobe} cannot be run`;
      reject(new DomainError('media.decoder_missing', { program: 'ffprobe', reason }, { cause }));
    });
    child.once('close', (code) => {
      over();
      if (stopped) reject(stopped.reason);
      else if (code === 0) resolve({ ok: true, json: Buffer.concat(pieces).toString('utf8') });
      else resolve({ ok: false, lines: tail.lines });
    });
  });
}
