import { type Clock, delay, Emitter, type Instant, type Milliseconds } from '#kit';
import { DomainError, isDomainError } from '#protocols';
import { FRAMES_PER_MS, type Output, type OutputSession } from '../outputs/output.ts';
import { SILENCE_DB } from './meter.ts';
import type { MixedOutput } from './mixed-output.ts';
import type { Decoder, PcmSource } from './pcm-source.ts';
import type { PlayEvents, PlayLevels, PlayOutcome, PlayPosition, PlayRequest } from './play-types.ts';
import { SequenceSource } from './sequence-source.ts';
import { Voice } from './voice.ts';

/** The decoder is begun this long before the sound: its first byte may take a second on a slow machine. */
const DECODE_AHEAD_MS = 4_000;
/** The output is opened this long before, silence flowing: its clock must be known when the content is placed. */
const OPEN_AHEAD_MS = 2_500;
/** While waiting for the start, the mapping of instants is asked again at least this often. */
const LOOK_AGAIN_MS = 30_000;
/** Beyond this a start is late; less is caught up by the drift correction. */
const LATE_MS = 20;
const MAX_FADE_MS = 300;
const FADE_MS = 200;
/** A lower gain is looked for this far ahead, so that the ramp is over when it begins to hold. */
const GAIN_AHEAD_MS = 2_000;
const POSITION_EVERY_MS = 1_000;
/** Content may end this much before its stated length (a coder's padding); less means that it was not played whole. */
const SHORT_MS = 250;

export interface PlayContext {
  readonly clock: Clock;
  readonly output: Pick<Output, 'kind'> & Pick<MixedOutput, 'open'>;
  readonly decoder: Decoder;
  /** The clock's monotonic time of an instant, by the best knowledge of now. */
  readonly toMonotonic: (instant: Instant) => Milliseconds;
  /** What a listener threw. */
  readonly onListenerError: (event: string, error: unknown) => void;
}

class Halt extends Error {}

/**
 * One play from request to outcome. Waits, decodes, primes the output with silence, places the first frame at its
 * instant, holds it to the clock, and says how it ended. `done` never rejects.
 */
export class Play {
  readonly events: Emitter<PlayEvents>;
  readonly done: Promise<PlayOutcome>;
  readonly #context: PlayContext;
  readonly #request: PlayRequest;
  readonly #halt = new AbortController();
  #haltReason = '';
  #fadeMs: Milliseconds;
  #lowerDb = 0;
  #session: OutputSession | undefined;
  #voice: Voice | undefined;
  #source: PcmSource | undefined;
  #nextSource: PcmSource | undefined;
  #repetition = 0;
  #began = false;
  #startedTold = -1;
  #positionToldMs = 0;
  #anchored = false;
  #lateMs: Milliseconds = 0;

  constructor(context: PlayContext, request: PlayRequest) {
    this.#context = context;
    this.#request = request;
    this.#fadeMs = request.fadeOutMs ?? FADE_MS;
    this.events = new Emitter(context.onListenerError);
    const { signal } = request;
    const onAbort = () => this.#stop(typeof signal?.reason === 'string' ? signal.reason : 'aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    // Begun in a later turn, so that the caller can subscribe first.
    this.done = Promise.resolve()
      .then(() => this.#attempt())
      .catch((error: unknown) => this.#outcomeOf(error))
      .then(async (outcome) => {
        signal?.removeEventListener('abort', onAbort);
        await this.#release();
        this.events.emit('ended', outcome);
        return outcome;
      });
  }

  /** Fades out (`fadeMs`, or as the request says) and ends; resolves with the outcome. After the end it changes nothing. */
  stop(reason: string, fadeMs?: Milliseconds): Promise<PlayOutcome> {
    if (!this.#halt.signal.aborted) this.#fadeMs = fadeMs ?? this.#fadeMs;
    this.#stop(reason);
    return this.done;
  }

  /** Goes down by so many dB under something else that sounds; 0: up again. */
  lower(downDb: number): void {
    this.#lowerDb = downDb;
    this.#voice?.lower(downDb);
  }

  /** How much has sounded; `null` before the first frame. */
  position(): PlayPosition | null {
    const voice = this.#voice;
    if (voice === undefined || !this.#began) return null;
    const heardMs = voice.heard().content / FRAMES_PER_MS;
    return {
      repetition: this.#repetition,
      positionMs: (this.#repetition === 0 ? (this.#request.offsetMs ?? 0) : 0) + heardMs,
      uncertaintyMs: this.#session?.uncertaintyMs ?? 0,
    };
  }

  #stop(reason: string): void {
    if (this.#halt.signal.aborted) return;
    this.#haltReason = reason;
    this.#halt.abort(new Halt(reason));
  }

  async #attempt(): Promise<PlayOutcome> {
    const { offsetMs = 0, prelude = [], repeat } = this.#request;
    if (this.#tooLate(this.#context.clock.monotonic())) return { kind: 'missed', reason: 'too_late' };
    await this.#until(DECODE_AHEAD_MS);
    const content = this.#openSource(offsetMs);
    this.#nextSource = prelude.length === 0 ? content : new SequenceSource({ before: prelude, content });
    await this.#until(OPEN_AHEAD_MS);
    this.#session = await this.#context.output.open();
    this.#voice = new Voice({ session: this.#session, gainDb: () => this.#gainDb() });
    this.#voice.lower(this.#lowerDb);
    const count = repeat?.count ?? 1;
    for (let repetition = 0; repetition < count; repetition++) {
      if (!(await this.#align(this.#voice, repetition))) return { kind: 'missed', reason: 'not_ready' };
      const last = repetition === count - 1;
      if (!(await this.#content(this.#voice, repetition, last))) {
        return this.#interrupted();
      }
    }
    await this.#session.drain();
    this.#tellStarted(this.#voice);
    const framesPlayed = this.#voice.content - this.#voice.skipped;
    return {
      kind: 'finished',
      framesPlayed,
      durationMs: framesPlayed / FRAMES_PER_MS,
      skippedMs: this.#voice.skipped / FRAMES_PER_MS,
      ...this.#levels(),
    };
  }

  /** Waits until `aheadMs` before the start, by the mapping as it is then. */
  async #until(aheadMs: Milliseconds): Promise<void> {
    const { clock, toMonotonic } = this.#context;
    for (;;) {
      this.#halt.signal.throwIfAborted();
      const waitMs = toMonotonic(this.#request.startAt) - aheadMs - clock.monotonic();
      if (waitMs <= 0) return;
      await delay(clock, 'play start', Math.min(waitMs, LOOK_AGAIN_MS), this.#halt.signal);
    }
  }

  /** Writes silence until the next frame written is the one for the first frame of content. False: too late. */
  async #align(voice: Voice, repetition: number): Promise<boolean> {
    const source = this.#nextSource ?? this.#openSource(0);
    this.#nextSource = undefined;
    const last = this.#source;
    this.#source = source;
    await last?.close();
    let ready = false;
    let failure: unknown;
    const readiness = source.ready();
    readiness.then(
      () => {
        ready = true;
        const aheadMs = this.#targetMs(repetition) - this.#context.clock.monotonic();
        if (repetition === 0) this.events.emit('ready', { aheadMs });
      },
      (error: unknown) => {
        failure = error ?? new Error('the source failed');
      },
    );
    // What lies in memory is ready at once, and an emergency waits for no block of silence.
    await Promise.race([readiness.catch(() => undefined), Promise.resolve()]);
    for (;;) {
      this.#halt.signal.throwIfAborted();
      if (failure !== undefined) throw failure;
      const nowMs = this.#context.clock.monotonic();
      const targetMs = this.#targetMs(repetition);
      const nextMs = voice.nextMs();
      // A start that is due already does not wait for the output's clock to be known.
      const aheadMs = nextMs === undefined ? targetMs - nowMs : targetMs - nextMs;
      const due = ready && aheadMs < 0.5 / FRAMES_PER_MS;
      const soundsMs = nextMs ?? nowMs + (this.#session?.leadMs ?? 0);
      if (repetition === 0 && this.#tooLate(soundsMs)) return false;
      if (soundsMs >= this.#lastMs()) {
        // Nothing of it was heard, and nothing may be any more.
        this.#stop('hard_end');
        continue;
      }
      if (due) break;
      const exact = ready && nextMs !== undefined;
      await voice.silence(exact ? Math.round(aheadMs * FRAMES_PER_MS) : undefined);
    }
    this.#repetition = repetition;
    this.#began = true;
    voice.begin(source);
    this.events.emit('placed', { repetition });
    return true;
  }

  /** Plays one repetition. False when it was stopped, the fade-out having been written. */
  async #content(voice: Voice, repetition: number, last: boolean): Promise<boolean> {
    const { offsetMs = 0, durationMs } = this.#request;
    const expectedMs = durationMs - (repetition === 0 ? offsetMs : 0);
    let fading = false;
    for (;;) {
      const fadeMs = Math.min(MAX_FADE_MS, Math.max(0, this.#fadeMs));
      const leftMs = expectedMs - voice.consumed.content / FRAMES_PER_MS;
      if (this.#mustFade(voice, leftMs, fadeMs)) this.#stop('hard_end');
      if (this.#halt.signal.aborted && !fading) {
        fading = true;
        voice.fadeOut(fadeMs);
      }
      if (fading && voice.faded) return this.#flush();
      if (!(await voice.block(this.#anchoredMs(voice, repetition)))) break;
      this.#tellStarted(voice);
      this.#tellPosition();
      if (!last && leftMs < DECODE_AHEAD_MS) this.#nextSource ??= this.#openSource(0);
    }
    if (fading) return this.#flush();
    const playedMs = voice.consumed.content / FRAMES_PER_MS;
    if (expectedMs - playedMs > SHORT_MS) {
      const reason = `the content ended after ${Math.round(playedMs)} of ${Math.round(expectedMs)} ms`;
      throw new DomainError('decoder.failed', { exitCode: 0, reason });
    }
    return true;
  }

  /** The hard end is near. What ends with it by itself is not cut: it sounds whole, as it was planned. */
  #mustFade(voice: Voice, leftMs: Milliseconds, fadeMs: Milliseconds): boolean {
    const nextMs = voice.nextMs() ?? this.#context.clock.monotonic();
    const lastMs = this.#lastMs();
    return nextMs >= lastMs - fadeMs && nextMs + Math.max(0, leftMs) > lastMs + LATE_MS;
  }

  /** Lets the fade-out sound. */
  async #flush(): Promise<false> {
    await this.#session?.drain();
    if (this.#voice !== undefined) this.#tellStarted(this.#voice);
    return false;
  }

  #tellStarted(voice: Voice): void {
    if (this.#startedTold === this.#repetition || !voice.sounding) return;
    const realMs = voice.firstMs();
    if (realMs === undefined) return;
    this.#startedTold = this.#repetition;
    this.#positionToldMs = this.#context.clock.monotonic();
    const { startAt } = this.#request;
    const startErrorMs = realMs - this.#targetMs(this.#repetition) + this.#lateMs;
    const plannedAt = startAt + this.#planMs(this.#repetition);
    this.events.emit('started', {
      repetition: this.#repetition,
      plannedAt,
      realAt: plannedAt + startErrorMs,
      startErrorMs,
    });
  }

  #tellPosition(): void {
    const nowMs = this.#context.clock.monotonic();
    if (this.#startedTold !== this.#repetition || nowMs - this.#positionToldMs < POSITION_EVERY_MS) return;
    this.#positionToldMs = nowMs;
    const position = this.position();
    if (position !== null) this.events.emit('position', position);
  }

  /** From the start of the first repetition to that of another. */
  #planMs(repetition: number): Milliseconds {
    const { durationMs, offsetMs = 0, repeat } = this.#request;
    if (repetition === 0) return 0;
    return repetition * (durationMs + (repeat?.intervalMs ?? 0)) - offsetMs;
  }

  /** Where the first frame of a repetition belongs on the local clock, by the best knowledge of now. */
  #targetMs(repetition: number): Milliseconds {
    const { toMonotonic } = this.#context;
    return toMonotonic(this.#request.startAt) + this.#lateMs + this.#planMs(repetition);
  }

  /**
   * The same, once it is known where the first frame really went: what began late keeps its lateness, so that nothing
   * of the content is lost; a small error is left to the drift correction.
   */
  #anchoredMs(voice: Voice, repetition: number): Milliseconds | undefined {
    if (!this.#anchored) {
      const firstMs = voice.firstMs();
      if (firstMs === undefined) return undefined;
      const lateMs = firstMs - this.#targetMs(repetition);
      if (lateMs > LATE_MS) this.#lateMs = lateMs;
      this.#anchored = true;
    }
    return this.#targetMs(repetition);
  }

  /** From then on there is silence. */
  #lastMs(): Milliseconds {
    const { hardEndAt } = this.#request;
    return hardEndAt === undefined ? Number.POSITIVE_INFINITY : this.#context.toMonotonic(hardEndAt);
  }

  #tooLate(atMs: Milliseconds): boolean {
    const { latestStartAt } = this.#request;
    return latestStartAt !== undefined && atMs > this.#context.toMonotonic(latestStartAt) + LATE_MS;
  }

  #openSource(offsetMs: Milliseconds): PcmSource {
    const { file, open, durationMs } = this.#request;
    if (open !== undefined) return open(offsetMs);
    return this.#context.decoder.open({ file, durationMs, offsetMs });
  }

  #outcomeOf(error: unknown): PlayOutcome {
    if (error instanceof Halt) return this.#interrupted();
    let position = this.#ended();
    const known = isDomainError(error)
      ? error
      : new DomainError(
          'output.failed',
          { output: this.#context.output.kind, reason: String(error) },
          { cause: error },
        );
    // A device that died took along what it had not played yet; how much of the lead that was, nobody knows.
    if (position !== null && this.#session !== undefined && known.code === 'output.failed') {
      position = { ...position, uncertaintyMs: position.uncertaintyMs + this.#session.leadMs };
    }
    return { kind: 'failed', code: known.code, error: known, position, ...this.#levels() };
  }

  #interrupted(): PlayOutcome {
    const position = this.#ended();
    const begun = this.#voice?.sounding === true && this.#began;
    return { kind: 'interrupted', reason: this.#haltReason, begun, position, ...this.#levels() };
  }

  /** Instants are mapped by the clock of now, which is close enough for the volume. */
  #gainDb(): number {
    const { gainDb = 0, startAt } = this.#request;
    if (typeof gainDb === 'number') return gainDb;
    const instant = startAt + this.#context.clock.monotonic() - this.#context.toMonotonic(startAt);
    return Math.min(gainDb(instant), gainDb(instant + GAIN_AHEAD_MS));
  }

  /** The last position, or null when nothing of the content can have sounded. */
  #ended(): PlayPosition | null {
    const position = this.position();
    const fromMs = this.#request.offsetMs ?? 0;
    if (position === null || (position.repetition === 0 && position.positionMs <= fromMs)) return null;
    return position;
  }

  #levels(): PlayLevels {
    const { meter } = this.#voice ?? {};
    const levels = { meanDb: meter?.meanDb ?? SILENCE_DB, peakDb: meter?.peakDb ?? SILENCE_DB };
    const { relayed, fallback } = this.#voice?.heard() ?? {};
    if (relayed === undefined || fallback === undefined) return levels;
    return { ...levels, relayedMs: relayed / FRAMES_PER_MS, fallbackMs: fallback / FRAMES_PER_MS };
  }

  async #release(): Promise<void> {
    await Promise.all([this.#source?.close(), this.#nextSource?.close(), this.#session?.close()]);
  }
}
