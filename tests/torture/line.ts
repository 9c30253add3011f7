import { DelayProxy, seededRandom } from '../helpers/network-delay.ts';
import { type MessCounts, MessProxy, type ProxyTarget } from './mess-proxy.ts';

/** The line of one loudspeaker to its controller, and what can be done to it. */
export class Line {
  readonly #proxy: DelayProxy;
  readonly #mess: MessProxy;
  #slowMs = 0;
  #deafDown = false;

  private constructor(mess: MessProxy, seed: number) {
    this.#mess = mess;
    this.#proxy = new DelayProxy({
      target: { port: mess.port },
      seed,
      // A chunk that is held for a day never comes: the line is reset before.
      delayMs: (direction, random) =>
        direction === 'down' && this.#deafDown ? 86_400_000 : random() * this.#slowMs,
    });
  }

  /** A line to the controller, quiet at first. `onSpeak`: the controller has said the first thing on a new connection. */
  static async open(options: {
    readonly target: () => ProxyTarget;
    readonly seed: number;
    readonly onSpeak: () => void;
  }): Promise<Line> {
    const mess = new MessProxy({ ...options, random: seededRandom(options.seed) });
    await mess.start();
    const line = new Line(mess, options.seed);
    await line.#proxy.start();
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#proxy.port}`;
  }

  get counts(): Readonly<MessCounts> {
    return this.#mess.counts;
  }

  /** Messages are messed up while it is on. */
  set mess(on: boolean) {
    this.#mess.mess = on;
  }

  cut(): void {
    this.#proxy.cut({ refuse: true });
  }

  stall(): void {
    this.#proxy.stall();
  }

  slow(maxMs: number): void {
    this.#slowMs = maxMs;
  }

  /** What comes down is swallowed; the loudspeaker's own words still go up. */
  halfOpen(): void {
    this.#deafDown = true;
  }

  /** Ends whatever was done. A line that swallowed something is reset. */
  restore(): void {
    this.#slowMs = 0;
    if (this.#deafDown) this.#proxy.cut();
    this.#deafDown = false;
    this.#proxy.restore();
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    await this.#mess.stop();
  }
}
