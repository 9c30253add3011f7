import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { type Clock, delay, type Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import {
  BLOCK_FRAMES,
  BYTES_PER_FRAME,
  FRAMES_PER_MS,
  type OutputKind,
  type OutputSession,
} from './output.ts';
import { framesBy, PlaybackClock } from './playback-clock.ts';
import { TailText } from './tail-text.ts';

const OPEN_LIMIT_MS = 5_000;
/** PulseAudio's null sink takes up to two seconds to wake. */
const STALL_LIMIT_MS = 4_000;
const DRAIN_EXTRA_MS = 3_000;
const START_POLL_MS = 10;

/** Understands what a player says while it plays. */
export interface ProgressReader {
  /** Whether the device has accepted the format. */
  readonly opened: boolean;
  /** Takes text from the player's stderr; reports progress to `clock`; returns what was no progress report. */
  read(text: string, atMs: Milliseconds, clock: PlaybackClock): string;
}

export interface ProcessSessionOptions {
  readonly clock: Clock;
  readonly kind: OutputKind;
  readonly device: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly progress: ProgressReader;
  readonly leadMs: Milliseconds;
  readonly uncertaintyMs: Milliseconds;
}

/**
 * A player process that takes PCM on stdin and tells on stderr how far it is. Pipes between processes hold seconds of
 * sound, which would delay a stop by as much: the session keeps only `leadMs` under way, by the player's own count.
 */
export class ProcessSession implements OutputSession {
  readonly blockFrames = BLOCK_FRAMES;
  readonly leadMs: Milliseconds;
  readonly uncertaintyMs: Milliseconds;
  readonly #options: ProcessSessionOptions;
  readonly #clock: Clock;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #playback = new PlaybackClock({ needed: 4 });
  readonly #said = new TailText();
  readonly #failure = new AbortController();
  readonly #closed: Promise<void>;
  #onOpened: () => void = () => undefined;
  #firstWriteMs: Milliseconds | undefined;
  #written = 0;
  #ending = false;

  /** Starts the player and resolves when the device has accepted the format. @throws DomainError `output.missing` */
  static async open(options: ProcessSessionOptions): Promise<ProcessSession> {
    const session = new ProcessSession(options);
    try {
      await session.#whenOpened();
      return session;
    } catch (cause) {
      await session.close();
      const reason = cause instanceof DomainError ? String(cause.params['reason']) : String(cause);
      throw new DomainError(
        'output.missing',
        { output: options.kind, device: options.device, reason },
        { cause },
      );
    }
  }

  private constructor(options: ProcessSessionOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.leadMs = options.leadMs;
    this.uncertaintyMs = options.uncertaintyMs;
    this.#child = spawn(options.program, options.args, { stdio: ['pipe', 'pipe', 'pipe'] });
    goFirst(this.#child.pid);
    this.#child.stdout.resume();
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    // EPIPE only says that the player ended; its exit tells why.
    this.#child.stdin.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#fail(
          `"${options.program}" cannot be run (${(error as NodeJS.ErrnoException).code ?? error.message})`,
        );
        resolve();
      });
      this.#child.on('close', (code, signal) => {
        if (!this.#ending || code !== 0) this.#fail(this.#said.line(`the player ended (${signal ?? code})`));
        resolve();
      });
    });
  }

  async write(pcm: Uint8Array): Promise<void> {
    this.#failure.signal.throwIfAborted();
    this.#firstWriteMs ??= this.#clock.monotonic();
    // A copy, since a stream that is not drained keeps the buffer; what may queue is bounded by the lead.
    this.#child.stdin.write(Buffer.from(pcm));
    this.#written += pcm.byteLength / BYTES_PER_FRAME;
    await this.#pace();
  }

  timeOf(frame: number): Milliseconds | undefined {
    return this.#playback.timeOf(frame);
  }

  framesPlayed(): number {
    return framesBy(this.#clock.monotonic(), this.#playback.timeOf(0), this.#written);
  }

  async drain(): Promise<void> {
    this.#failure.signal.throwIfAborted();
    this.#ending = true;
    this.#child.stdin.end();
    const limit = this.#clock.setTimer('output drain', this.leadMs + DRAIN_EXTRA_MS, () => {
      this.#fail('the device did not play to the end');
      this.#child.kill('SIGKILL');
    });
    await this.#closed;
    limit.cancel();
    this.#failure.signal.throwIfAborted();
  }

  async close(): Promise<void> {
    this.#ending = true;
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** Waits until no more than the lead is under way. */
  async #pace(): Promise<void> {
    for (;;) {
      const nowMs = this.#clock.monotonic();
      const lastMs = this.#playback.lastAtMs ?? this.#firstWriteMs ?? nowMs;
      if (nowMs - lastMs > STALL_LIMIT_MS) this.#fail('the device takes no more sound');
      this.#failure.signal.throwIfAborted();
      const nextMs = this.#playback.roughTimeOf(this.#written);
      const waitMs = nextMs === undefined ? this.#waitForStart() : nextMs - nowMs - this.leadMs;
      if (waitMs <= 0) return;
      await delay(this.#clock, 'output pace', Math.min(waitMs, STALL_LIMIT_MS), this.#failure.signal);
    }
  }

  /** Before the device is seen playing it gets the lead and no more. */
  #waitForStart(): Milliseconds {
    return this.#written < this.leadMs * FRAMES_PER_MS ? 0 : START_POLL_MS;
  }

  #hear(text: string): void {
    const rest = this.#options.progress.read(text, this.#clock.monotonic(), this.#playback);
    if (rest !== '') this.#said.add(rest);
    if (this.#options.progress.opened) this.#onOpened();
  }

  #whenOpened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#failure;
      const settle = (act: () => void) => {
        limit.cancel();
        signal.removeEventListener('abort', onFailure);
        act();
      };
      const onFailure = () => settle(() => reject(signal.reason));
      const limit = this.#clock.setTimer('output open', OPEN_LIMIT_MS, () => {
        this.#fail(this.#said.line('the device did not answer'));
      });
      this.#onOpened = () => settle(resolve);
      signal.addEventListener('abort', onFailure);
      if (this.#options.progress.opened) this.#onOpened();
    });
  }

  #fail(reason: string): void {
    if (this.#failure.signal.aborted) return;
    this.#failure.abort(new DomainError('output.failed', { output: this.#options.kind, reason }));
  }
}

/** A player that waits for the processor is heard as a gap: where the agent may, the player goes before other work. */
function goFirst(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, -10);
  } catch {
    // Not privileged: it takes its turn like everyone.
  }
}
