import type { Instant } from '#kit';
import {
  type BroadcastState,
  countsAsPlayed,
  DELIVERY_STATES,
  type DeliveryState,
  type DeliveryView,
  isFinal,
} from '#protocols';

/** Deliveries of a broadcast by state, and how many count as played. */
export type DeliveryCounts = Partial<Record<DeliveryState, number>> & { readonly played: number };

export function countViews(views: Iterable<DeliveryView>): DeliveryCounts {
  const counts: Partial<Record<DeliveryState, number>> & { played: number } = { played: 0 };
  for (const view of views) {
    counts[view.state] = (counts[view.state] ?? 0) + 1;
    if (countsAsPlayed(view)) counts.played += 1;
  }
  return counts;
}

export interface VerdictFacts {
  readonly counts: DeliveryCounts;
  readonly targetCount: number;
  /** Whether nothing more is to come of it, time for reports included. */
  readonly over: boolean;
  /** Whether its content may still sound at a speaker whose delivery looks settled: another repetition, or an emergency that is tried again. */
  readonly mayGoOn: boolean;
}

/** What a broadcast has come to, or null while it is not decided. */
export function verdict(
  facts: VerdictFacts,
): Extract<BroadcastState, 'completed' | 'partial' | 'failed'> | null {
  const { counts, targetCount, over, mayGoOn } = facts;
  const states = Object.keys(DELIVERY_STATES) as DeliveryState[];
  const settled = states
    .filter((state) => isFinal(DELIVERY_STATES, state))
    .reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  if (!over && (mayGoOn || settled < targetCount)) return null;
  if (counts.played === 0) return 'failed';
  return counts.played >= targetCount ? 'completed' : 'partial';
}

/** When the sound of a broadcast ends at loudspeakers, time for reports included. */
export interface BroadcastEnds {
  /** At those that began as late as they may and that nothing interrupted. */
  readonly ordinary: Instant;
  /** At every one: its hard end. */
  readonly hard: Instant;
}

/**
 * Whether nothing more is to come: the hard end is over, or no loudspeaker that said that it began may still go on. Those that said nothing cannot
 * begin any more; what they did nobody knows, and they may tell it yet.
 */
export function isOverAt(now: Instant, { ordinary, hard }: BroadcastEnds, counts: DeliveryCounts): boolean {
  if (now >= hard) return true;
  return now >= ordinary && (counts.playing ?? 0) + (counts.interrupted ?? 0) === 0;
}

/** Whether some speaker reported that it began to sound. */
export function hasSounded({ playing, finished, interrupted, played }: DeliveryCounts): boolean {
  return played + (playing ?? 0) + (finished ?? 0) + (interrupted ?? 0) > 0;
}

/**
 * Whether what sounds of a broadcast goes on: null before anything sounded. interrupted: every speaker that was playing gave way, and none
 * has gone on · sounding: one plays, or has played to the end, and none waits to go on.
 */
export function soundNow(counts: DeliveryCounts): 'sounding' | 'interrupted' | null {
  if ((counts.playing ?? 0) > 0) return 'sounding';
  if ((counts.interrupted ?? 0) > 0) return 'interrupted';
  return hasSounded(counts) ? 'sounding' : null;
}
