import { type Clock, Lifecycle, type Milliseconds, type Timer } from '#kit';
import type { ReachResult, ReachStep } from './ask.ts';

const EVERY_MS: Milliseconds = 3_600_000;
/** While it fails somebody may be at work on it. */
const AGAIN_MS: Milliseconds = 5 * 60_000;

/** What to do, by where it went wrong. */
const ADVICE: Readonly<Record<ReachStep, string>> = {
  name: 'enter the name at the name server of its domain, or set LOA_PUBLIC_URL to an address that loudspeakers can look up',
  connection:
    'open the port on this machine and forward it on the router, or set up the relay of docs/network.md; check that the reverse proxy runs',
  certificate:
    'the certificate there has to be valid now and for the name in LOA_PUBLIC_URL; where no public authority signed it, name its authority in LOA_TLS_CA',
  server: 'another server is there: let name, port forwarding and reverse proxy lead to this one',
  mqtt: 'let the reverse proxy pass the headers Upgrade and Connection on, as docs/network.md shows',
};

export interface SelfCheckOptions {
  readonly clock: Clock;
  /** The address, for people. */
  readonly url: string;
  readonly ask: (signal: AbortSignal) => Promise<ReachResult>;
  readonly log: { info(text: string): void; warn(text: string): void };
}

/**
 * Whether the address that loudspeakers were given leads here: asked after the start, each hour, and each five minutes while it does not. It sees what this machine
 * sees: a router that does not lead its own network back to its public address makes it fail where loudspeakers get through.
 */
export class SelfCheck extends Lifecycle {
  readonly #options: SelfCheckOptions;
  #result: ReachResult | undefined;
  #timer: Timer | undefined;
  #abort = new AbortController();

  constructor(options: SelfCheckOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    this.#abort = new AbortController();
    this.disposers.defer('the look at our own address', () => {
      this.#timer?.cancel();
      this.#abort.abort(new Error('the controller is stopping'));
    });
    this.#soon(0);
  }

  /** 1: it leads here, 0: it does not, −1: nobody has asked yet. */
  get gauge(): number {
    if (this.#result === undefined) return -1;
    return this.#result.ok ? 1 : 0;
  }

  /** For the operator. What fails here keeps nobody from broadcasting: it is a warning. */
  get state(): { readonly ok: true; readonly detail: string } {
    const { url } = this.#options;
    if (this.#result === undefined) return { ok: true, detail: `${url}: not asked yet` };
    if (this.#result.ok) return { ok: true, detail: `${url} leads here` };
    return { ok: true, detail: `WARNING: ${this.#sentence(this.#result)}` };
  }

  async #look(): Promise<void> {
    const { ask, log, url } = this.#options;
    const result = await ask(this.#abort.signal);
    const before = this.#result;
    this.#result = result;
    if (!result.ok) {
      if (before === undefined || before.ok || before.step !== result.step) log.warn(this.#sentence(result));
    } else if (before?.ok !== true) log.info(`${url} leads to this controller`);
    this.#soon(result.ok ? EVERY_MS : AGAIN_MS);
  }

  #soon(afterMs: Milliseconds): void {
    this.#timer = this.#options.clock.setTimer('our own address', afterMs, () =>
      // Only a stop ends it with an error.
      this.background(this.#look(), () => undefined),
    );
  }

  #sentence({ step, reason }: Extract<ReachResult, { ok: false }>): string {
    const { url } = this.#options;
    const what = {
      name: 'its name cannot be looked up',
      connection: 'nothing answers there',
      certificate: 'its certificate is not taken',
      server: 'somebody else answers there',
      mqtt: 'MQTT over WebSocket does not get through',
    }[step];
    return `loudspeakers cannot reach ${url} as far as this machine sees: ${what} (${reason}); ${ADVICE[step]}`;
  }
}
