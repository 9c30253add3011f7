import { type Clock, Lifecycle } from '#kit';
import type { ErrorCode, Progress } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { Downloads } from '../cache/downloads.ts';
import type { TimeKeeper } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { SoundMaker } from '../sounds/sound-maker.ts';
import type { Account } from './account.ts';
import { orderFact } from './facts.ts';
import type { PlayItem } from './play-item.ts';
import { prefetch } from './prefetch.ts';
import { progressOf } from './sounding.ts';

/** Downloads for slots are told of when they are needed within this time. */
const WATCHED_MS = 10 * 60_000;

export interface OpenItemsOptions {
  readonly clock: Clock;
  readonly keeper: TimeKeeper;
  readonly cache: ContentCache;
  readonly downloads: Downloads;
  readonly sounds: Pick<SoundMaker, 'isDecoded'>;
  readonly account: Account;
  readonly log: Log;
  readonly random: () => number;
  /** For the eye; may be lost. */
  readonly onProgress: (progress: Progress) => void;
  /** Something that health tells has changed. */
  readonly onChange: () => void;
  /** Something that decides what sounds has changed. */
  readonly wake: () => void;
}

/** The orders on their way, and their content: fetched, kept, and told as ready. */
export class OpenItems extends Lifecycle implements Iterable<PlayItem> {
  readonly #options: OpenItemsOptions;
  readonly #items = new Map<string, PlayItem>();

  constructor(options: OpenItemsOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    this.disposers.defer('orders on their way', () => this.abortAll());
  }

  [Symbol.iterator](): Iterator<PlayItem> {
    return [...this.#items.values()][Symbol.iterator]();
  }

  get size(): number {
    return this.#items.size;
  }

  /** Codes of what keeps items from being ready. */
  get troubles(): ErrorCode[] {
    return [...this].flatMap(({ trouble }) => (trouble === null ? [] : [trouble]));
  }

  get(orderId: string): PlayItem | undefined {
    return this.#items.get(orderId);
  }

  /** Whether this very item is still on its way. */
  has(item: PlayItem): boolean {
    return this.#items.get(item.id) === item;
  }

  /** Takes an item in and begins to fetch its content. */
  add(item: PlayItem): void {
    this.#items.set(item.id, item);
    this.fetch(item);
    this.#options.onChange();
  }

  /** Hashes of what is on its way. */
  get hashes(): Set<string> {
    return new Set([...this].map(({ record }) => record.hash));
  }

  /** Forgets an item and what was fetched for it alone. */
  drop(item: PlayItem): void {
    item.abort.abort(new Error('no longer needed'));
    if (this.has(item)) this.#items.delete(item.id);
    this.#options.onChange();
  }

  /** What has been damaged meanwhile is brought here again. */
  fetchAgain(sha256: string): void {
    for (const item of this) {
      if (item.fetching || !item.files.some((file) => file.sha256 === sha256)) continue;
      item.fetched = false;
      this.fetch(item);
    }
  }

  /** Brings the content here, unless that is under way. */
  fetch(item: PlayItem): void {
    const { keeper, log, onChange, wake } = this.#options;
    const work = prefetch(item, item.plannedAt - keeper.time.now().instant, {
      ...this.#options,
      onProgress: (_, fraction) => {
        // Nobody looks on while tomorrow's audio comes, and every message costs data.
        if (!item.isSlot || item.plannedAt - keeper.time.now().instant < WATCHED_MS)
          this.#progress(item, 'downloading', fraction);
      },
      onChange: () => {
        if (item.fetched) this.#contentHere(item);
        onChange();
        wake();
      },
    });
    this.background(work, (error) => log.error('content cannot be fetched', { orderId: item.id, error }));
  }

  /** Ends every download; items stay as their records say. */
  abortAll(): void {
    for (const { abort } of this) abort.abort(new Error('the agent is stopping'));
    this.#items.clear();
  }

  #contentHere(item: PlayItem): void {
    this.#progress(item, 'ready', 1);
    if (item.ready) return;
    item.ready = true;
    // An emergency begins with what is here: told afterwards it would say nothing.
    if (item.plays > 0) return;
    const { account, keeper } = this.#options;
    account.tell(item, orderFact('ready', item, factTime(keeper.time)));
  }

  #progress(item: PlayItem, phase: Progress['phase'], fraction: number): void {
    this.#options.onProgress(progressOf(item, phase, fraction, this.#options.keeper.time));
  }
}
