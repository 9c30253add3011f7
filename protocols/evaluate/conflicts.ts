import { airTimeMs, type PlannedItem } from './item.ts';
import type { Conflict } from './timeline.ts';

/** Every pair of equal priority that overlaps as planned, pauses between repetitions included; both parties in the order of the plan. */
export function conflictsOf(items: readonly PlannedItem[]): Conflict[] {
  const conflicts: Conflict[] = [];
  let open: PlannedItem[] = [];
  for (const item of inPlanOrder(items)) {
    open = open.filter((other) => plannedEnd(other) > item.startsAt);
    for (const other of open) {
      if (other.priority !== item.priority) continue;
      const to = Math.min(plannedEnd(other), plannedEnd(item));
      const kind = item.priority === 'priority' ? 'priority' : 'equal';
      if (to > item.startsAt) conflicts.push({ kind, a: other.id, b: item.id, from: item.startsAt, to });
    }
    open.push(item);
  }
  return conflicts;
}

/** By planned start, then place in the session, then order, then id: the same everywhere. */
export function inPlanOrder<Planned extends PlannedItem>(items: readonly Planned[]): Planned[] {
  return [...items].sort(
    (a, b) =>
      a.startsAt - b.startsAt ||
      a.position - b.position ||
      a.issuedAt - b.issuedAt ||
      (a.id < b.id ? -1 : Number(a.id > b.id)),
  );
}

function plannedEnd(item: PlannedItem): number {
  return Math.min(item.startsAt + airTimeMs(item), item.hardEndAt);
}
