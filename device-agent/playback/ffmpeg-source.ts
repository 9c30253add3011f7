import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import { BYTES_PER_FRAME } from '../outputs/output.ts';
import { TailText } from '../outputs/tail-text.ts';
import type { PcmSource } from './pcm-source.ts';

export interface FfmpegSourceOptions {
  readonly clock: Clock;
  /** Name or path of ffmpeg. */
  readonly program: string;
  /** They end in PCM of the agent's format on stdout. */
  readonly args: readonly string[];
  /** Variables of its environment, beside ours and before them. */
  readonly env?: Readonly<Record<string, string>>;
  /** Goes to its stdin. What it throws is the reason that is told when the decoder can make nothing of what came. */
  readonly input?: Readable;
  /** Ends a process that gives nothing for this long while it is waited for. */
  readonly stallLimitMs?: Milliseconds;
}

/** The sound that a process of ffmpeg gives. */
export class FfmpegSource implements PcmSource {
  readonly silent = false;
  readonly #options: FfmpegSourceOptions;
  readonly #child: ChildProcess;
  readonly #stdout: Readable;
  readonly #said = new TailText();
  readonly #closed: Promise<void>;
  #rest: Buffer | undefined;
  #ended = false;
  #failure: DomainError | undefined;
  #wake: () => void = () => undefined;

  constructor(options: FfmpegSourceOptions) {
    this.#options = options;
    const { program, args, input, env } = options;
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(env && { env: { ...process.env, ...env } }),
    });
    this.#child = child;
    if (child.stdout === null || child.stderr === null) throw new Error('a process without its pipes');
    this.#stdout = child.stdout;
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#said.add(text));
    this.#stdout.on('readable', () => this.#wake());
    if (input !== undefined && child.stdin !== null)
      // A decoder that ended says itself why; input that failed is said here.
      pipeline(input, child.stdin).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') this.#said.add(` input: ${String(error)}`);
      });
    this.#closed = new Promise((resolve) => {
      child.on('error', (cause) => {
        this.#end(new DomainError('decoder.missing', { decoder: program }, { cause }));
        resolve();
      });
      child.on('exit', () => this.#wake());
      child.on('close', (code, signal) => {
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
    this.#options.input?.destroy();
    this.#child.kill('SIGKILL');
    this.#stdout.destroy();
    await this.#closed;
  }

  /** Waits until there is something in `#rest`; false at the end. */
  async #more(): Promise<boolean> {
    for (;;) {
      this.#rest ??= (this.#stdout.read() as Buffer | null) ?? undefined;
      if (this.#rest !== undefined) return true;
      if (this.#ended) return false;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    const { clock, stallLimitMs } = this.#options;
    return new Promise((resolve) => {
      const limit =
        stallLimitMs === undefined
          ? undefined
          : clock.setTimer('decoder stall', stallLimitMs, () => {
              this.#said.add(` it gave no sound for ${stallLimitMs / 1000} s`);
              this.#child.kill('SIGKILL');
            });
      this.#wake = () => {
        limit?.cancel();
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
