import type { Clock } from '#kit';
import type { ContentCache, ContentOrigin } from '../cache/content-cache.ts';
import type { PlayItem } from './play-item.ts';

/** Two progress messages of one download are at least this far apart. */
const PROGRESS_EVERY_MS = 500;

/** Nearer starts than this are fetched at once. */
const NO_SPREAD_MS = 30_000;
/** Longest wait before a download that has time. */
const LONGEST_SPREAD_MS = 120_000;

/**
 * How long a download waits before it begins. Where there is time, a commune's loudspeakers spread over a quarter of
 * it, so that they do not all ask in the same second.
 */
export function spreadMs(untilStartMs: number, random: () => number): number {
  if (untilStartMs <= NO_SPREAD_MS) return 0;
  return random() * Math.min(LONGEST_SPREAD_MS, (untilStartMs - NO_SPREAD_MS) / 4);
}

export interface PrefetchOptions {
  readonly cache: ContentCache;
  readonly clock: Clock;
  readonly origin: ContentOrigin;
  readonly random: () => number;
  readonly onProgress: (item: PlayItem, fraction: number) => void;
  /** Something about an item's content has changed. */
  readonly onChange: (item: PlayItem) => void;
}

/** Brings an item's content into the cache and keeps it there until the item is aborted. */
export async function prefetch(
  item: PlayItem,
  untilStartMs: number,
  options: PrefetchOptions,
): Promise<void> {
  const { cache, clock, origin, random, onProgress, onChange } = options;
  const { signal } = item.abort;
  if (item.fetching || item.fetched || signal.aborted) return;
  item.fetching = true;
  const release = cache.hold(item.content.sha256);
  signal.addEventListener('abort', release, { once: true });
  let toldAt = Number.NEGATIVE_INFINITY;
  try {
    await cache.ensure({
      content: item.content,
      origin,
      signal,
      spreadMs: item.emergency ? 0 : spreadMs(untilStartMs, random),
      onProgress: (fraction) => {
        if (clock.monotonic() - toldAt < PROGRESS_EVERY_MS && fraction < 1) return;
        toldAt = clock.monotonic();
        onProgress(item, fraction);
      },
      onTrouble: (code) => {
        item.trouble = code;
        onChange(item);
      },
    });
    item.fetched = true;
    item.trouble = null;
  } catch (error) {
    if (!signal.aborted) throw error;
    return;
  } finally {
    item.fetching = false;
  }
  onChange(item);
}
