import { FRAMES_PER_MS } from '../outputs/output.ts';
import { AheadSource } from './ahead-source.ts';
import type { OpenSource, Parts, PcmSource } from './pcm-source.ts';
import { Spans } from './spans.ts';

/** The content goes on when this much of it is there, or all of it. */
const ENOUGH_FRAMES = 2_000 * FRAMES_PER_MS;
/** Read ahead at most. */
const LIMIT_FRAMES = 8_000 * FRAMES_PER_MS;
/** Silence after a filler; longer each time, for who has heard it is waiting for the words, and never so long that it seems over. */
const PAUSES_MS = [500, 2_000, 5_000, 10_000];

export interface PatientSourceOptions {
  /** Opens the content, now or when it can be had. A rejection ends the source. The signal says that nobody wants it any more. */
  readonly content: (signal: AbortSignal) => Promise<PcmSource>;
  /** What sounds while the content is waited for: the attention tone. */
  readonly filler: OpenSource;
}

/**
 * Content that may still be on its way. Never lets its reader wait: while there is not enough of the content the filler sounds, again
 * and again, with at most ten seconds of silence in between; the content goes on where it stopped.
 */
export class PatientSource implements PcmSource {
  readonly silent = false;
  readonly #filler: OpenSource;
  readonly #spans = new Spans();
  readonly #gone = new AbortController();
  #ahead: AheadSource | undefined;
  #failure: unknown;
  #bridge: PcmSource | undefined;
  #fillers = 0;
  #pauseFrames = 0;
  #flowing = false;

  constructor(options: PatientSourceOptions) {
    this.#filler = options.filler;
    const { signal } = this.#gone;
    options.content(signal).then(
      async (source) => {
        if (signal.aborted) await source.close();
        else this.#ahead = new AheadSource({ source, limitFrames: LIMIT_FRAMES });
      },
      (error: unknown) => {
        this.#failure = error ?? new Error('the content cannot be had');
      },
    );
  }

  /** Always ready: there is the filler. */
  async ready(): Promise<void> {}

  async read(block: Int16Array): Promise<number> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const frames = this.#flowing ? this.#content(block) : await this.#bridged(block);
      if (frames !== undefined) return frames;
    }
  }

  parts(frames: number): Parts {
    return this.#spans.parts(frames);
  }

  async close(): Promise<void> {
    this.#gone.abort();
    await this.#bridge?.close();
    await this.#ahead?.close();
  }

  /** Undefined: it has run out for now. */
  #content(block: Int16Array): number | undefined {
    const ahead = this.#ahead;
    const frames = ahead?.take(block) ?? 0;
    this.#spans.add('content', frames);
    if (frames > 0) return frames;
    if (ahead?.ended === true) {
      if (ahead.failure !== undefined) throw ahead.failure;
      return 0;
    }
    this.#flowing = false;
    return undefined;
  }

  /** The filler, or silence behind it; undefined when the content can go on. */
  async #bridged(block: Int16Array): Promise<number | undefined> {
    const ahead = this.#ahead;
    const enough = ahead !== undefined && (ahead.ended || ahead.frames >= ENOUGH_FRAMES);
    if (this.#bridge === undefined && enough) {
      this.#flowing = true;
      this.#pauseFrames = 0;
      return undefined;
    }
    let frames = 0;
    if (this.#pauseFrames > 0) {
      frames = Math.min(block.length, this.#pauseFrames);
      block.fill(0, 0, frames);
      this.#pauseFrames -= frames;
    } else {
      this.#bridge ??= this.#filler(0);
      frames = await this.#bridge.read(block);
      if (frames === 0) await this.#bridgeOver();
    }
    this.#spans.add('lead', frames);
    return frames === 0 ? undefined : frames;
  }

  async #bridgeOver(): Promise<void> {
    await this.#bridge?.close();
    this.#bridge = undefined;
    const pauseMs = PAUSES_MS[Math.min(this.#fillers, PAUSES_MS.length - 1)] ?? 0;
    this.#fillers += 1;
    this.#pauseFrames = pauseMs * FRAMES_PER_MS;
  }
}
