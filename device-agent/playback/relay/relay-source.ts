import { type Clock, delay, type Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import { FRAMES_PER_MS } from '../../outputs/output.ts';
import type { OpenSource, Parts, PcmSource } from '../pcm-source.ts';
import { Spans } from '../spans.ts';
import { Leveller } from './leveller.ts';
import type { Station } from './station.ts';

/** The station is taken when so much has come: a network's hiccup is not heard then. */
const BEGIN_FRAMES = 2_000 * FRAMES_PER_MS;
/** Without a sound from it for so long, the fallback begins. */
const PATIENCE_FRAMES = 5_000 * FRAMES_PER_MS;
/** When so much is held, what is old is left out once: a station sends its last half minute first. */
const MOST_FRAMES = 8_000 * FRAMES_PER_MS;
const EDGE_FRAMES = 20 * FRAMES_PER_MS;
const PATIENCE_MS = PATIENCE_FRAMES / FRAMES_PER_MS;

export interface RelaySourceOptions {
  readonly clock: Clock;
  readonly feed: Station;
  /** What stands in for the station; null: silence. */
  readonly fallback: OpenSource | null;
  /** What is left of the slot. */
  readonly durationMs: Milliseconds;
  /** What the failure is said of. */
  readonly orderId: string;
}

type Mode = 'waiting' | 'relaying' | 'fallback';

/**
 * Another station, live, for the rest of a slot; never lets its reader wait.
 *
 * waiting: silence, until the station sends (→ relaying), or for five seconds at most when there is a fallback that this outage has not
 * had yet (→ fallback) · relaying: until nothing comes any more (→ waiting) · fallback: once to its end (→ waiting).
 */
export class RelaySource implements PcmSource {
  readonly silent = false;
  readonly #options: RelaySourceOptions;
  readonly #spans = new Spans({ relay: true });
  readonly #leveller = new Leveller();
  readonly #over = new AbortController();
  #mode: Mode = 'waiting';
  #left: number;
  #waited = 0;
  #fallback: PcmSource | undefined;
  #fallbackHad = false;
  #sounded = 0;
  /** What was old has been left out; from then on a station that sends faster is made to wait. */
  #atLive = false;
  #learned: Int16Array[] = [];
  #learnedFrames = 0;

  constructor(options: RelaySourceOptions) {
    this.#options = options;
    this.#left = Math.max(0, Math.round(options.durationMs * FRAMES_PER_MS));
    options.feed.open();
  }

  /** When the station sends; when there is a fallback, after five seconds at most. */
  async ready(): Promise<void> {
    const { clock, feed, fallback } = this.#options;
    const coming = new Promise<void>((resolve) => {
      const look = () => (feed.frames >= BEGIN_FRAMES ? resolve() : undefined);
      feed.onChange = look;
      look();
      this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const done = new AbortController();
    if (fallback === null) return coming;
    const patience = delay(clock, 'relay', PATIENCE_MS, AbortSignal.any([done.signal, this.#over.signal]));
    await Promise.race([coming, patience.catch(() => undefined)]);
    done.abort();
    if (feed.frames < BEGIN_FRAMES) this.#waited = PATIENCE_FRAMES;
  }

  async read(block: Int16Array): Promise<number> {
    const wanted = block.subarray(0, Math.min(block.length, this.#left));
    if (wanted.length === 0) return this.#end();
    let filled = 0;
    while (filled === 0) filled = await this.#fill(wanted);
    this.#left -= filled;
    this.#fadeAtEnd(wanted.subarray(0, filled));
    return filled;
  }

  parts(frames: number): Parts {
    return this.#spans.parts(frames);
  }

  async close(): Promise<void> {
    this.#over.abort();
    await Promise.all([this.#options.feed.close(), this.#fallback?.close()]);
  }

  /** Some frames in the mode that it is in; 0: look again, the mode has changed. */
  async #fill(block: Int16Array): Promise<number> {
    switch (this.#mode) {
      case 'waiting':
        return this.#wait(block);
      case 'relaying':
        return this.#relay(block);
      case 'fallback':
        return this.#standIn(block);
      default: {
        const never: never = this.#mode;
        return never;
      }
    }
  }

  async #wait(block: Int16Array): Promise<number> {
    const { feed, fallback } = this.#options;
    if (feed.frames >= BEGIN_FRAMES) {
      this.#mode = 'relaying';
      this.#waited = 0;
      this.#fallbackHad = false;
      this.#leveller.forget();
      this.#atLive = false;
      return 0;
    }
    if (this.#waited >= PATIENCE_FRAMES && fallback !== null && !this.#fallbackHad) {
      await feed.close();
      this.#fallback = fallback(0);
      this.#mode = 'fallback';
      return 0;
    }
    block.fill(0);
    this.#waited += block.length;
    this.#spans.add('gap', block.length);
    return block.length;
  }

  #relay(block: Int16Array): number {
    const { feed } = this.#options;
    this.#learnAhead();
    if (this.#learnedFrames === 0) {
      this.#mode = 'waiting';
      return 0;
    }
    if (!this.#atLive && this.#learnedFrames + feed.frames > MOST_FRAMES) this.#leaveOut();
    const frames = this.#take(block);
    this.#leveller.apply(block.subarray(0, frames));
    this.#spans.add('relayed', frames);
    this.#sounded += frames;
    return frames;
  }

  async #standIn(block: Int16Array): Promise<number> {
    const { feed } = this.#options;
    const source = this.#fallback;
    const frames = source === undefined ? 0 : await source.read(block).catch(() => 0);
    if (source !== undefined && frames > 0) {
      if (source.silent) block.fill(0, 0, frames);
      this.#spans.add('fallback', frames);
      this.#sounded += frames;
      return frames;
    }
    await source?.close();
    this.#fallback = undefined;
    this.#fallbackHad = true;
    this.#waited = 0;
    this.#mode = 'waiting';
    feed.open();
    return 0;
  }

  /** What is about to sound is measured two seconds before. */
  #learnAhead(): void {
    const { feed } = this.#options;
    while (this.#learnedFrames < BEGIN_FRAMES) {
      const block = new Int16Array(960);
      const frames = feed.take(block);
      if (frames === 0) return;
      this.#leveller.learn(block.subarray(0, frames));
      this.#learned.push(block.subarray(0, frames));
      this.#learnedFrames += frames;
    }
  }

  #take(block: Int16Array): number {
    let filled = 0;
    for (
      let first = this.#learned[0];
      first !== undefined && filled < block.length;
      first = this.#learned[0]
    ) {
      const part = first.subarray(0, block.length - filled);
      block.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#learned.shift();
      else this.#learned[0] = first.subarray(part.length);
    }
    this.#learnedFrames -= filled;
    return filled;
  }

  /** Leaves out what is more than two seconds, in front of what is measured already. */
  #leaveOut(): void {
    const { feed } = this.#options;
    this.#atLive = true;
    const scratch = new Int16Array(960);
    while (feed.frames > 0 && this.#learnedFrames + feed.frames > BEGIN_FRAMES * 1.5)
      if (feed.take(scratch) === 0) return;
  }

  #fadeAtEnd(block: Int16Array): void {
    if (this.#left >= EDGE_FRAMES) return;
    for (let index = 0; index < block.length; index++) {
      const left = this.#left + block.length - index;
      if (left < EDGE_FRAMES) block[index] = Math.round(((block[index] ?? 0) * left) / EDGE_FRAMES);
    }
  }

  #end(): number {
    if (this.#sounded > 0) return 0;
    const nothing = 'the station sent nothing, and there is nothing else to play';
    const reason = this.#options.feed.refusal ?? nothing;
    throw new DomainError('order.stream_failed', { orderId: this.#options.orderId, reason });
  }
}
