import { airTimeMs, HAND_OVER_MS, type PlannedItem } from './item.ts';
import { PREPARE_MS } from './timing.ts';

/**
 * Cuts items that lie in the order of the plan into runs that cannot touch each other: when the first item of a run takes the output, every
 * item of the runs before it has ended or will not begin any more. Only the history of sessions goes from one to the next.
 */
export function clustersOf<Planned extends PlannedItem>(ordered: readonly Planned[]): Planned[][] {
  const clusters: Planned[][] = [];
  let open: Planned[] = [];
  let until = Number.NEGATIVE_INFINITY;
  let interruptible = false;
  for (const item of ordered) {
    if (item.startsAt - PREPARE_MS > until && open.length > 0) {
      clusters.push(open);
      open = [];
      until = Number.NEGATIVE_INFINITY;
      interruptible = false;
    }
    open.push(item);
    if (item.priority === 'emergency' && !interruptible) {
      // What it interrupts may go on up to its hard end.
      interruptible = true;
      for (const { hardEndAt } of open) until = Math.max(until, hardEndAt);
    }
    until = Math.max(until, interruptible ? item.hardEndAt : lastSound(item));
  }
  return open.length === 0 ? clusters : [...clusters, open];
}

/** Nothing of an uninterrupted item sounds after this, and it does not wait any longer. */
function lastSound(item: PlannedItem): number {
  const { startsAt, latestStartAt, hardEndAt, expiresAt } = item;
  const lateMs = Math.max(0, Math.min(latestStartAt + HAND_OVER_MS, expiresAt) - startsAt);
  return Math.min(hardEndAt, startsAt + lateMs + airTimeMs(item)) + 1;
}
