import type { Clock } from '#kit';
import type { FileContent } from '#protocols';
import type { ContentCache } from '../cache/content-cache.ts';
import type { Downloads } from '../cache/downloads.ts';
import type { SoundMaker } from '../sounds/sound-maker.ts';
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
  readonly downloads: Downloads;
  readonly sounds: Pick<SoundMaker, 'isDecoded'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProgress: (item: PlayItem, fraction: number) => void;
  /** Something about an item's content has changed. */
  readonly onChange: (item: PlayItem) => void;
}

/** Brings an item's files into the cache and keeps them there until the item is aborted. What needs none is ready at once. */
export async function prefetch(
  item: PlayItem,
  untilStartMs: number,
  options: PrefetchOptions,
): Promise<void> {
  const { cache, onChange } = options;
  const { signal } = item.abort;
  if (item.fetching || item.fetched || signal.aborted) return;
  item.fetching = true;
  for (const { sha256 } of item.files) signal.addEventListener('abort', cache.hold(sha256), { once: true });
  // A relay sounds without its fallback.
  if (item.content.kind === 'relay') {
    item.fetched = true;
    onChange(item);
  }
  try {
    // A stored message needs no file: on a commune's loudspeakers it would come as often as there are of them.
    for (const content of item.files)
      if (!options.sounds.isDecoded(content.sha256)) await fetchOne(item, content, untilStartMs, options);
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

function fetchOne(
  item: PlayItem,
  content: FileContent,
  untilStartMs: number,
  { downloads, clock, random, onProgress, onChange }: PrefetchOptions,
): Promise<void> {
  let toldAt = Number.NEGATIVE_INFINITY;
  const wanted = {
    content,
    signal: item.abort.signal,
    onProgress: (fraction: number) => {
      if (clock.monotonic() - toldAt < PROGRESS_EVERY_MS && fraction < 1) return;
      toldAt = clock.monotonic();
      onProgress(item, fraction);
    },
    onTrouble: (code: NonNullable<PlayItem['trouble']>) => {
      item.trouble = code;
      onChange(item);
    },
  };
  if (item.isSlot) {
    const { plannedAt: neededAt, emergency } = item;
    return downloads.inTurn({ ...wanted, neededAt, emergency });
  }
  return downloads.now({ ...wanted, spreadMs: item.emergency ? 0 : spreadMs(untilStartMs, random) });
}
