import { backoff, type Clock, type Milliseconds, type Timer } from '#kit';
import { FRAMES_PER_MS } from '../../outputs/output.ts';
import { AheadSource } from '../ahead-source.ts';
import type { Station } from './station.ts';
import { StationSource } from './station-source.ts';
import { type ResolveHost, resolveHost } from './stream-gate.ts';

/** Held at most: a station may send the last half minute at once. */
const LIMIT_FRAMES = 10_000 * FRAMES_PER_MS;
const RETRY = { baseMs: 500, maxMs: 10_000 };

export interface StationFeedOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Name or path of ffmpeg. */
  readonly program: string;
  /** Hosts, addresses and networks outside the public Internet from which it may come. */
  readonly allow: readonly string[];
  /** By default this machine's own look-up. */
  readonly resolve?: ResolveHost | undefined;
  readonly random?: () => number;
}

/** What another station sends, as PCM. A connection that ends is made again, with growing waits, until the feed is closed. */
export class StationFeed implements Station {
  readonly #options: StationFeedOptions;
  #ahead: AheadSource | undefined;
  #source: StationSource | undefined;
  #delays: Iterator<Milliseconds, never>;
  #retry: Timer | undefined;
  #open = false;
  readonly #closing = new Set<Promise<void>>();
  /** Called after something came, or a connection ended. */
  onChange: () => void = () => undefined;

  constructor(options: StationFeedOptions) {
    this.#options = options;
    this.#delays = this.#backoff();
  }

  /** Frames that can be taken at once. */
  get frames(): number {
    return this.#ahead?.frames ?? 0;
  }

  get refusal(): string | undefined {
    return this.#source?.refusal;
  }

  /** Connects, unless it is connected. */
  open(): void {
    if (this.#open) return;
    this.#open = true;
    this.#delays = this.#backoff();
    this.#connect();
  }

  /** Takes what is there, at most a block. */
  take(block: Int16Array): number {
    const frames = this.#ahead?.take(block) ?? 0;
    // What plays is as good as it gets: the next trouble is a new one.
    if (frames > 0) this.#delays = this.#backoff();
    this.#reconnectAtEnd();
    return frames;
  }

  /** Lets go of the connection. `open` makes a new one. */
  async close(): Promise<void> {
    this.#open = false;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#drop();
    await Promise.all(this.#closing);
  }

  #connect(): void {
    const { resolve = resolveHost } = this.#options;
    const source = new StationSource({ ...this.#options, resolve });
    this.#source = source;
    const ahead = new AheadSource({ source, limitFrames: LIMIT_FRAMES });
    this.#ahead = ahead;
    ahead.onChange = () => {
      this.#reconnectAtEnd();
      this.onChange();
    };
  }

  /** A connection that has ended, and whose sound is taken, is replaced after a while. */
  #reconnectAtEnd(): void {
    if (!this.#open || this.#retry !== undefined || this.#ahead?.ended !== true || this.frames > 0) return;
    this.#drop();
    this.#retry = this.#options.clock.setTimer('station', this.#delays.next().value, () => {
      this.#retry = undefined;
      this.#connect();
    });
  }

  #drop(): void {
    const closing = this.#ahead?.close();
    this.#ahead = undefined;
    if (closing === undefined) return;
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  #backoff(): Iterator<Milliseconds, never> {
    const { random } = this.#options;
    return backoff({ ...RETRY, ...(random && { random }) });
  }
}
