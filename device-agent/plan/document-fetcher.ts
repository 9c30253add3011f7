import { backoff, type Clock, delay, Lifecycle } from '#kit';
import { DomainError, type ErrorCode, isDomainError, type PlanHead, sha256 } from '#protocols';
import type { ContentOrigin } from '../content-origin.ts';
import { bodyOf, httpGet } from '../link/http-get.ts';
import { errorText, type Log } from '../log.ts';

type NamedDocument = PlanHead['documents'][number];

const RETRY = { baseMs: 1_000, maxMs: 300_000 };
const IDLE_MS = 15_000;

export interface DocumentFetcherOptions {
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
  /** What is to be fetched, in this order. */
  readonly missing: () => readonly NamedDocument[];
  /** Takes a document whose hash was compared. Throws a `DomainError` for one that cannot be read. */
  readonly take: (document: NamedDocument, bytes: Buffer) => Promise<void>;
}

/** Fetches plan documents one after the other until none is missing, waiting longer after each round that brought nothing. */
export class DocumentFetcher extends Lifecycle {
  readonly #options: DocumentFetcherOptions;
  #stop = new AbortController();
  #wait = new AbortController();
  #busy = false;
  #woken = false;
  #trouble: ErrorCode | null = null;

  constructor(options: DocumentFetcherOptions) {
    super();
    this.#options = options;
  }

  /** What was wrong with the last failed attempt; null when nothing is missing, or none has failed. */
  get trouble(): ErrorCode | null {
    return this.#options.missing().length === 0 ? null : this.#trouble;
  }

  /** Something is missing, or can perhaps be reached now. */
  wake(): void {
    this.#woken = true;
    this.#wait.abort();
    if (this.#busy || this.#stop.signal.aborted) return;
    this.#busy = true;
    this.background(this.#fetchAll(), (error) =>
      this.#options.log.error('plan documents cannot be fetched', { error }),
    );
  }

  protected override async onStart(): Promise<void> {
    this.#stop = new AbortController();
    this.disposers.defer('downloads of plan documents', async () => {
      this.#stop.abort(new Error('the agent is stopping'));
      await this.idle();
    });
    this.wake();
  }

  async #fetchAll(): Promise<void> {
    const { clock, random, retry = RETRY, missing } = this.#options;
    const fresh = () => backoff({ ...retry, ...(random && { random }) });
    let delays = fresh();
    try {
      while (!this.#stop.signal.aborted) {
        if (this.#woken) delays = fresh();
        this.#woken = false;
        this.#wait = new AbortController();
        const wanted = missing();
        if (wanted.length === 0) return;
        if (await this.#round(wanted)) continue;
        const signal = AbortSignal.any([this.#stop.signal, this.#wait.signal]);
        await delay(clock, 'plan.retry', delays.next().value, signal).catch(() => undefined);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Asks for each once. True: at least one came. */
  async #round(wanted: readonly NamedDocument[]): Promise<boolean> {
    let came = false;
    for (const document of wanted) {
      try {
        await this.#fetch(document);
        came = true;
      } catch (error) {
        if (this.#stop.signal.aborted) return false;
        this.#trouble = isDomainError(error) ? error.code : 'cache.unreachable';
        this.#options.log.info('a plan document did not come', {
          day: document.day,
          reason: errorText(error),
        });
      }
    }
    return came;
  }

  async #fetch(document: NamedDocument): Promise<void> {
    const { origin, take } = this.#options;
    const response = await httpGet(origin.url + document.path, {
      ...{ headers: origin.headers, agent: origin.agent, signal: this.#stop.signal, idleMs: IDLE_MS },
    });
    const bytes = await bodyOf(response, document.bytes);
    const actual = sha256(bytes);
    if (actual !== document.sha256)
      throw new DomainError('cache.hash_mismatch', { sha256: document.sha256, actual });
    await take(document, bytes);
  }
}
