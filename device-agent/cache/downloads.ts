import { stat } from 'node:fs/promises';
import { backoff, type Clock, Lifecycle, type Timer } from '#kit';
import type { ErrorCode, FileContent } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import type { ContentOrigin } from '../content-origin.ts';
import { errorText, type Log } from '../log.ts';
import { ifMissing } from '../state/files.ts';
import type { ContentCache } from './content-cache.ts';
import type { DataBudget } from './data-budget.ts';

const HOUR_MS = 3_600_000;
/** So many at a time: the link of a loudspeaker is thin. */
const AT_ONCE = 2;
/** What is needed so soon does not wait for others, nor for the budget. */
const EXEMPT_MS = HOUR_MS;
/** Nearer starts than this are fetched soon. */
const SOON_MS = 2 * HOUR_MS;
const LONGEST_SOON_MS = 120_000;
const NO_WAIT_MS = 30_000;
const LONGEST_SPREAD_MS = 6 * HOUR_MS;
/** When the budget is used up, whether another day has begun is looked at this often. */
const BUDGET_LOOK_MS = 10 * 60_000;
const RETRY = { baseMs: 1_000, maxMs: 300_000 };

/**
 * How long a download waits before it begins. What is needed within two hours comes soon, the rest spreads over a quarter of the
 * time that is left, so that a change of the plan does not make all loudspeakers of a province ask in the same minute.
 */
export function aheadDelayMs(untilMs: number, random: () => number): number {
  if (untilMs <= NO_WAIT_MS) return 0;
  if (untilMs <= SOON_MS) return random() * Math.min(LONGEST_SOON_MS, (untilMs - NO_WAIT_MS) / 4);
  return random() * (LONGEST_SOON_MS + Math.min(LONGEST_SPREAD_MS, (untilMs - SOON_MS) / 4));
}

/** A file that the plan will need. */
export interface WantedFile {
  readonly content: FileContent;
  /** The earliest instant at which it sounds. */
  readonly neededAt: number;
  /** It may use more than the day's data. */
  readonly emergency: boolean;
}

export interface FetchOptions extends WantedFile {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
  readonly onTrouble: (code: ErrorCode) => void;
}

export interface DownloadsOptions {
  readonly cache: ContentCache;
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly time: TrustedTime;
  readonly budget: DataBudget;
  readonly log: Log;
  readonly random: () => number;
  /** Most that files of the plan may take of the cache, bytes: orders and emergencies need room too. */
  readonly roomBytes: number;
  /** `spent` has changed. */
  readonly onSpent?: () => void;
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

interface Entry {
  readonly content: FileContent;
  readonly release: () => void;
  neededAt: number;
  emergency: boolean;
  /** A head in force names it. */
  wanted: boolean;
  /** Items that wait for it. */
  readonly waiters: Set<{ readonly options: FetchOptions; readonly here: () => void }>;
  /** Local monotonic time before which it is not asked for. */
  dueAtMs: number;
  delays: Generator<number, never>;
  running: AbortController | undefined;
  here: boolean;
}

/**
 * The audio of the plan, fetched ahead: earliest first, two at a time, spread over time, within a day's data. The same content is
 * fetched once, and stays in the cache while the plan names it.
 */
export class Downloads extends Lifecycle {
  readonly #options: DownloadsOptions;
  readonly #entries = new Map<string, Entry>();
  #timer: Timer | undefined;
  #stopped = true;
  #spent = false;

  constructor(options: DownloadsOptions) {
    super();
    this.#options = options;
  }

  /** What was fetched today. */
  get budget(): DataBudget {
    return this.#options.budget;
  }

  /** Something of the plan waits because today's data are used up. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Everything that the plan needs; what was wanted before and is not named any more is let go. */
  want(files: readonly WantedFile[]): void {
    const wanted = new Map<string, WantedFile>();
    let room = this.#options.roomBytes;
    for (const file of [...files].sort((a, b) => a.neededAt - b.neededAt)) {
      if (wanted.has(file.content.sha256)) continue;
      room -= file.content.bytes;
      if (room < 0) break;
      wanted.set(file.content.sha256, file);
    }
    for (const entry of this.#entries.values()) entry.wanted = wanted.has(entry.content.sha256);
    for (const file of wanted.values()) this.#entryOf(file).wanted = true;
    for (const entry of this.#entries.values()) this.#letGo(entry);
    this.#pump();
  }

  /** Resolves when the content is here, in its turn. Rejects with the signal's reason. */
  inTurn(options: FetchOptions): Promise<void> {
    const { signal } = options;
    const entry = this.#entryOf(options);
    return new Promise((resolve, reject) => {
      const waiter = { options, here: () => settle(resolve) };
      const onAbort = () => settle(() => reject(signal.reason));
      const settle = (then: () => void) => {
        entry.waiters.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        then();
        this.#letGo(entry);
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      entry.waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
      // Whoever asks again has found it missing or damaged.
      entry.here = false;
      entry.dueAtMs = Math.min(entry.dueAtMs, this.#dueAtMs(options.neededAt));
      this.#lookForIt(entry);
      this.#pump();
    });
  }

  /** Fetches content at once, whatever the budget says; only counted. */
  async now(
    options: Omit<FetchOptions, 'neededAt' | 'emergency'> & { readonly spreadMs: number },
  ): Promise<void> {
    const { content, signal, spreadMs, onTrouble } = options;
    const { cache, origin } = this.#options;
    const onProgress = await this.#counting(content, options.onProgress);
    await cache.ensure({ content, origin, signal, spreadMs, onProgress, onTrouble });
  }

  protected override async onStart(): Promise<void> {
    this.#stopped = false;
    this.disposers.defer('downloads of the plan', async () => {
      this.#stopped = true;
      this.#timer?.cancel();
      for (const { running } of this.#entries.values()) running?.abort(new Error('the agent is stopping'));
      await this.idle();
      for (const { release } of this.#entries.values()) release();
      this.#entries.clear();
      await this.#options.budget.save();
    });
    this.#pump();
  }

  #entryOf({ content, neededAt, emergency }: WantedFile): Entry {
    const known = this.#entries.get(content.sha256);
    if (known !== undefined) {
      if (neededAt < known.neededAt) known.dueAtMs = Math.min(known.dueAtMs, this.#dueAtMs(neededAt));
      known.neededAt = neededAt;
      known.emergency ||= emergency;
      return known;
    }
    const { cache, random, retry = RETRY } = this.#options;
    const entry: Entry = {
      ...{ content, neededAt, emergency, wanted: false, waiters: new Set(), here: false },
      release: cache.hold(content.sha256),
      dueAtMs: this.#dueAtMs(neededAt),
      delays: backoff({ ...retry, random }),
      running: undefined,
    };
    this.#entries.set(content.sha256, entry);
    this.#lookForIt(entry);
    return entry;
  }

  /** What is here already need not wait. */
  #lookForIt(entry: Entry): void {
    const { cache, clock, log } = this.#options;
    const look = async () => {
      const found = await ifMissing(stat(cache.pathOf(entry.content.sha256)), undefined);
      if (found?.size !== entry.content.bytes) return;
      entry.dueAtMs = clock.monotonic();
      this.#begin(entry);
    };
    this.background(look(), (error) => log.warn('a cached file cannot be looked at', { error }));
  }

  #dueAtMs(neededAt: number): number {
    const { clock, random } = this.#options;
    return clock.monotonic() + aheadDelayMs(this.#untilMs(neededAt), random);
  }

  #untilMs(neededAt: number): number {
    return neededAt - this.#options.time.now().instant;
  }

  #letGo(entry: Entry): void {
    if (entry.wanted || entry.waiters.size > 0) return;
    entry.running?.abort(new Error('no longer needed'));
    entry.release();
    if (this.#entries.get(entry.content.sha256) === entry) this.#entries.delete(entry.content.sha256);
  }

  /** Begins what may begin, and sets the clock for the rest. */
  #pump(): void {
    if (this.#stopped) return;
    const { clock, budget } = this.#options;
    const nowMs = clock.monotonic();
    const waiting = [...this.#entries.values()]
      .filter(({ here, running }) => !here && running === undefined)
      .sort((a, b) => a.neededAt - b.neededAt);
    const underWay = [...this.#entries.values()].filter((entry) => entry.running !== undefined);
    let running = underWay.length;
    // What is under way will have used its part.
    let leftBytes = budget.leftBytes - underWay.reduce((sum, { content }) => sum + content.bytes, 0);
    let spent = false;
    let held = false;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const entry of waiting) {
      const untilMs = this.#untilMs(entry.neededAt);
      const exempt = entry.emergency || untilMs < EXEMPT_MS;
      if (entry.dueAtMs > nowMs) {
        nextMs = Math.min(nextMs, entry.dueAtMs - nowMs);
        continue;
      }
      if (!exempt && (spent || entry.content.bytes > leftBytes)) {
        // Earliest first; only what no day has room for stands aside.
        held = true;
        spent ||= entry.content.bytes <= budget.limitBytes;
        nextMs = Math.min(nextMs, BUDGET_LOOK_MS, Math.max(1, untilMs - EXEMPT_MS + 1));
        continue;
      }
      if (running >= AT_ONCE && !exempt) continue;
      running += 1;
      leftBytes -= entry.content.bytes;
      this.#begin(entry);
    }
    if (held !== this.#spent) {
      this.#spent = held;
      this.#options.onSpent?.();
    }
    this.#timer?.cancel();
    if (Number.isFinite(nextMs)) this.#timer = clock.setTimer('plan downloads', nextMs, () => this.#pump());
  }

  #begin(entry: Entry): void {
    if (this.#stopped || entry.running !== undefined || !this.#entries.has(entry.content.sha256)) return;
    const abort = new AbortController();
    entry.running = abort;
    const { log } = this.#options;
    const work = this.#fetch(entry, abort).finally(() => {
      entry.running = undefined;
      this.#pump();
    });
    this.background(work, (error) =>
      log.debug('a download of the plan stopped', {
        sha256: entry.content.sha256,
        reason: errorText(error),
      }),
    );
  }

  async #fetch(entry: Entry, abort: AbortController): Promise<void> {
    const { cache, origin, clock, budget } = this.#options;
    const { content, waiters } = entry;
    try {
      await cache.ensure({
        ...{ content, origin, signal: abort.signal },
        onProgress: await this.#counting(content, (fraction) => {
          for (const { options } of waiters) options.onProgress(fraction);
        }),
        onTrouble: (code) => {
          for (const { options } of waiters) options.onTrouble(code);
          // Others have their turn before it is tried again.
          entry.dueAtMs = clock.monotonic() + entry.delays.next().value;
          abort.abort(new Error(code));
        },
      });
    } finally {
      await budget.save();
    }
    entry.here = true;
    for (const { here } of [...waiters]) here();
  }

  /** Counts what comes; what lies here in part from an earlier attempt was counted then. */
  async #counting(
    { sha256, bytes }: FileContent,
    onProgress: (fraction: number) => void,
  ): Promise<(fraction: number) => void> {
    const { cache, budget } = this.#options;
    const partial = await ifMissing(stat(`${cache.pathOf(sha256)}.part`), undefined);
    let counted = partial?.size ?? 0;
    return (fraction) => {
      const held = Math.round(fraction * bytes);
      if (held > counted) budget.count(held - counted);
      counted = held;
      onProgress(fraction);
    };
  }
}
