import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock, Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import { BYTES_PER_FRAME, SAMPLE_RATE } from '../outputs/output.ts';
import { TailText } from '../outputs/tail-text.ts';
import type { Decoder, PcmSource, SourceRequest } from './pcm-source.ts';

/** A decoder that gives nothing for this long while it is waited for is stuck. */
const STALL_LIMIT_MS = 10_000;

export interface FfmpegDecoderOptions {
  readonly clock: Clock;
  /** Name or path of ffmpeg. */
  readonly program: string;
}

/** Decodes with ffmpeg, a process per source. What it reads ahead is bounded by the pipe and one buffer of ours. */
export class FfmpegDecoder implements Decoder {
  readonly #options: FfmpegDecoderOptions;

  constructor(options: FfmpegDecoderOptions) {
    this.#options = options;
  }

  open(request: SourceRequest): PcmSource {
    return new FfmpegSource(this.#options, request);
  }
}

/**
 * ffmpeg's arguments, one element each. `file:` keeps a file's name from being taken for a protocol; only the container and
 * the codecs that the controller delivers are parsed at all.
 */
export function decoderArguments(file: string, offsetMs: Milliseconds): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-threads', '1'],
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', 'ogg'],
    ...['-codec_whitelist', 'opus,libopus,vorbis,libvorbis,flac'],
    ...(offsetMs > 0 ? ['-ss', (offsetMs / 1000).toFixed(3)] : []),
    ...['-i', `file:${file}`, '-map', '0:a:0'],
    ...['-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', 'pipe:1'],
  ];
}

class FfmpegSource implements PcmSource {
  readonly silent = false;
  readonly #options: FfmpegDecoderOptions;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #said = new TailText();
  readonly #closed: Promise<void>;
  #rest: Buffer | undefined;
  #ended = false;
  #failure: DomainError | undefined;
  #wake: () => void = () => undefined;

  constructor(options: FfmpegDecoderOptions, request: SourceRequest) {
    this.#options = options;
    const args = decoderArguments(request.file, request.offsetMs);
    this.#child = spawn(options.program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#said.add(text));
    this.#child.stdout.on('readable', () => this.#wake());
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (cause) => {
        this.#end(new DomainError('decoder.missing', { decoder: options.program }, { cause }));
        resolve();
      });
      this.#child.on('exit', () => this.#wake());
      this.#child.on('close', (code, signal) => {
        const params = { exitCode: signal ?? code, reason: this.#said.line('it gave no reason') };
        this.#end(code === 0 ? undefined : new DomainError('decoder.failed', params));
        resolve();
      });
    });
  }

  async ready(): Promise<void> {
    await this.#more();
    if (this.#rest === undefined && this.#failure !== undefined) throw this.#failure;
  }

  async read(block: Int16Array): Promise<number> {
    const target = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
    let filled = 0;
    while (filled < target.length && (await this.#more())) {
      const rest = this.#rest as Buffer;
      const taken = Math.min(rest.length, target.length - filled);
      target.set(rest.subarray(0, taken), filled);
      filled += taken;
      this.#rest = taken === rest.length ? undefined : rest.subarray(taken);
    }
    // What was decoded before a failure sounds; the failure is told with the next read.
    if (filled === 0 && this.#failure !== undefined) throw this.#failure;
    return Math.floor(filled / BYTES_PER_FRAME);
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    this.#child.stdout.destroy();
    await this.#closed;
  }

  /** Waits until there is something in `#rest`; false at the end. */
  async #more(): Promise<boolean> {
    for (;;) {
      this.#rest ??= (this.#child.stdout.read() as Buffer | null) ?? undefined;
      if (this.#rest !== undefined) return true;
      if (this.#ended) return false;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.#options.clock.setTimer('decoder stall', STALL_LIMIT_MS, () => {
        this.#said.add(' it gave no sound for 10 s');
        this.#child.kill('SIGKILL');
      });
      this.#wake = () => {
        limit.cancel();
        this.#wake = () => undefined;
        resolve();
      };
    });
  }

  #end(failure: DomainError | undefined): void {
    this.#ended = true;
    this.#failure ??= failure;
    this.#wake();
  }
}
