import { type JournalEntry, soundedShare as shareOf, soundedWhole, type ToldRange } from '#protocols';

/**
 * Share (0 to 1) of a broadcast's content that sounded here, by the journal's word: the union of the ranges told, less what was left out
 * inside them. What went to a null output did not sound. `durationMs` 0: not known; then only a whole play counts.
 */
export function soundedShare(
  entries: Iterable<JournalEntry>,
  broadcastId: string,
  durationMs: number,
): number {
  const told: ToldRange[] = [];
  for (const entry of entries) {
    if (entry.broadcastId !== broadcastId || entry.evidence !== 'reported' || entry.toMs === undefined)
      continue;
    const { fromMs = 0, toMs, skippedMs = 0, relayedMs = null, fallbackMs = null } = entry;
    const range = { fromMs, toMs, skippedMs, relayedMs, fallbackMs };
    if (entry.kind === 'finished' && fromMs === 0 && soundedWhole(range)) return 1;
    told.push(range);
  }
  return shareOf(told, durationMs);
}

/** Whether the journal tells that a play of this broadcast has begun, on whatever output. */
export function hasBegun(entries: Iterable<JournalEntry>, broadcastId: string): boolean {
  for (const entry of entries) if (entry.broadcastId === broadcastId && entry.kind === 'started') return true;
  return false;
}
