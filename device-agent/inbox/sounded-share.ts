import { type JournalEntry, PLAYED_SHARE, soundedMs } from '#protocols';

/**
 * Share (0 to 1) of a broadcast's content that sounded here, by the journal's word: the union of the ranges told, less what was left out
 * inside them. What went to a null output did not sound. `durationMs` 0: not known; then only a whole play counts.
 */
export function soundedShare(
  entries: Iterable<JournalEntry>,
  broadcastId: string,
  durationMs: number,
): number {
  const told: { from: number; to: number; sounded: number }[] = [];
  for (const entry of entries) {
    if (entry.broadcastId !== broadcastId || entry.evidence !== 'reported' || entry.toMs === undefined)
      continue;
    const { fromMs = 0, toMs, skippedMs = 0, relayedMs = null, fallbackMs = null } = entry;
    const sounded = soundedMs({ fromMs, toMs, skippedMs, relayedMs, fallbackMs });
    const range = toMs - fromMs;
    if (entry.kind === 'finished' && fromMs === 0 && sounded >= PLAYED_SHARE * range) return 1;
    told.push({ from: fromMs, to: toMs, sounded });
  }
  if (durationMs <= 0) return 0;
  let [covered, reached, leftOut] = [0, 0, 0];
  for (const { from, to, sounded } of told.sort((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
    leftOut += to - from - sounded;
  }
  return Math.min(1, Math.max(0, covered - leftOut) / durationMs);
}

/** Whether the journal tells that a play of this broadcast has begun, on whatever output. */
export function hasBegun(entries: Iterable<JournalEntry>, broadcastId: string): boolean {
  for (const entry of entries) if (entry.broadcastId === broadcastId && entry.kind === 'started') return true;
  return false;
}
