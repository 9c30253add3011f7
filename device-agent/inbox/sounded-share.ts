import type { JournalEntry } from '#protocols';

/**
 * Share (0 to 1) of a broadcast's content that sounded here, by the journal's word: the union of the ranges told.
 * What went to a null output did not sound. `durationMs` 0: not known; then only a whole play counts.
 */
export function soundedShare(
  entries: Iterable<JournalEntry>,
  broadcastId: string,
  durationMs: number,
): number {
  const ranges: [number, number][] = [];
  for (const entry of entries) {
    if (entry.broadcastId !== broadcastId || entry.evidence !== 'reported') continue;
    if (entry.kind === 'finished' && (entry.fromMs ?? 0) === 0) return 1;
    if (entry.toMs !== undefined) ranges.push([entry.fromMs ?? 0, entry.toMs]);
  }
  if (durationMs <= 0) return 0;
  let [covered, reached] = [0, 0];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return Math.min(1, covered / durationMs);
}

/** Whether the journal tells that a play of this broadcast has begun, on whatever output. */
export function hasBegun(entries: Iterable<JournalEntry>, broadcastId: string): boolean {
  for (const entry of entries) if (entry.broadcastId === broadcastId && entry.kind === 'started') return true;
  return false;
}
