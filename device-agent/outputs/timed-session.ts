import { type Clock, delay, type Milliseconds, type Timer } from '#kit';
import { DomainError } from '#protocols';
import { BYTES_PER_FRAME, FRAMES_PER_MS, type OutputKind, type OutputSession } from './output.ts';
import { framesBy } from './playback-clock.ts';

/** Where a timed session puts sound at the moment when a loudspeaker would make it. */
export interface PcmSink {
  /** Takes whole frames, in order; the first was due at monotonic time `dueMs`. A rejection fails the session. */
  write(pcm: Uint8Array, dueMs: Milliseconds): Promise<void>;
  /** Finishes what was begun and lets go. */
  close(): Promise<void>;
}

export interface TimedSessionOptions {
  readonly clock: Clock;
  readonly kind: OutputKind;
  readonly blockFrames: number;
  readonly leadMs: Milliseconds;
  /** Nothing is kept without one. */
  readonly sink?: PcmSink;
}

interface Pending {
  readonly dueMs: Milliseconds;
  readonly pcm: Uint8Array;
}

/**
 * A sound card made of a clock: takes sound as far ahead as a real one and lets every block go when its first frame is
 * due. A writer that comes too late finds what it would find at a real card: a gap, which the sink gets as silence, so
 * that frame k of the sink always belongs to the instant of frame 0 plus k / 48 ms.
 */
export class TimedSession implements OutputSession {
  readonly blockFrames: number;
  readonly leadMs: Milliseconds;
  readonly uncertaintyMs = 1;
  readonly #clock: Clock;
  readonly #kind: OutputKind;
  readonly #sink: PcmSink | undefined;
  readonly #pending: Pending[] = [];
  readonly #failure = new AbortController();
  #sinking: Promise<void> = Promise.resolve();
  #firstMs: Milliseconds | undefined;
  #written = 0;
  #timer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: TimedSessionOptions) {
    this.#clock = options.clock;
    this.#kind = options.kind;
    this.#sink = options.sink;
    this.blockFrames = options.blockFrames;
    this.leadMs = options.leadMs;
  }

  async write(pcm: Uint8Array): Promise<void> {
    this.#failure.signal.throwIfAborted();
    const nowMs = this.#clock.monotonic();
    this.#firstMs ??= nowMs;
    const gapMs = nowMs - (this.#firstMs + this.#written / FRAMES_PER_MS);
    if (gapMs > 0 && this.#written > 0) this.#leaveGap(Math.ceil(gapMs * FRAMES_PER_MS));
    if (this.#sink !== undefined) {
      this.#pending.push({ dueMs: this.#firstMs + this.#written / FRAMES_PER_MS, pcm: Buffer.from(pcm) });
      this.#arm();
    }
    this.#written += pcm.byteLength / BYTES_PER_FRAME;
    const waitMs = this.#firstMs + this.#written / FRAMES_PER_MS - nowMs - this.leadMs;
    if (waitMs > 0) await delay(this.#clock, 'output pace', waitMs, this.#failure.signal);
  }

  timeOf(frame: number): Milliseconds | undefined {
    return this.#firstMs === undefined ? undefined : this.#firstMs + frame / FRAMES_PER_MS;
  }

  framesPlayed(): number {
    return framesBy(this.#clock.monotonic(), this.#firstMs, this.#written);
  }

  async drain(): Promise<void> {
    const restMs = (this.timeOf(this.#written) ?? 0) - this.#clock.monotonic();
    if (restMs > 0) await delay(this.#clock, 'output drain', restMs, this.#failure.signal);
    this.#release();
    await this.close();
    this.#failure.signal.throwIfAborted();
  }

  close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    // What was due has sounded, also where the event loop was late to let it go.
    if (this.#closing === undefined) this.#release();
    this.#pending.length = 0;
    this.#closing ??= this.#sinking.then(() => this.#sink?.close()).catch((error) => this.#fail(error));
    return this.#closing;
  }

  /** Time passed in which nobody had written anything: everything from here on sounds later. */
  #leaveGap(frames: number): void {
    this.#release();
    const dueMs = this.timeOf(this.#written) ?? 0;
    this.#firstMs = (this.#firstMs ?? 0) + frames / FRAMES_PER_MS;
    this.#put({ dueMs, pcm: new Uint8Array(frames * BYTES_PER_FRAME) });
  }

  #arm(): void {
    const next = this.#pending[0];
    if (this.#timer !== undefined || next === undefined) return;
    this.#timer = this.#clock.setTimer('output block', next.dueMs - this.#clock.monotonic(), () => {
      this.#timer = undefined;
      this.#release();
      this.#arm();
    });
  }

  /** Lets go of every block that is due. */
  #release(): void {
    const nowMs = this.#clock.monotonic();
    for (let next = this.#pending[0]; next !== undefined && next.dueMs <= nowMs; next = this.#pending[0]) {
      this.#pending.shift();
      this.#put(next);
    }
  }

  #put({ dueMs, pcm }: Pending): void {
    this.#sinking = this.#sinking
      .then(() => this.#sink?.write(pcm, dueMs))
      .catch((error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#failure.signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#failure.abort(new DomainError('output.failed', { output: this.#kind, reason }, { cause: error }));
  }
}
