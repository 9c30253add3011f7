import { clustersOf } from './clusters.ts';
import { conflictsOf, inPlanOrder } from './conflicts.ts';
import type { PlannedItem } from './item.ts';
import { relevantHistory, type SoundedSpan } from './sessions.ts';
import type { Conflict, ItemTimeline, Timeline } from './timeline.ts';
import { PREPARE_MS } from './timing.ts';
import { type Holding, World } from './world.ts';

/** Of what a simulation tells: every item that is planned to begin in [from, to), followed to its end. */
export interface SimulatedRange {
  readonly from: number;
  readonly to: number;
  /** What sounded before; left out: nothing. */
  readonly history?: readonly SoundedSpan[];
}

/**
 * What will sound, in an ideal world: content is here, time is trusted, nothing fails. The same `arbitrate` decides that a loudspeaker
 * asks. Items that begin before `from` or from `to` on are left out. Pure.
 */
export function simulate(
  items: readonly PlannedItem[],
  holding: Holding,
  { from, to, history = [] }: SimulatedRange,
): Timeline {
  const timelines: ItemTimeline[] = [];
  const conflicts: Conflict[] = [];
  let past = history;
  const inRange = items.filter(({ startsAt }) => startsAt >= from && startsAt < to);
  for (const cluster of clustersOf(inPlanOrder(inRange))) {
    const part = simulateCluster(cluster, holding, clusterHistory(cluster, holding, past));
    for (const timeline of part.items) timelines.push(timeline);
    for (const conflict of part.conflicts) conflicts.push(conflict);
    past = part.history;
  }
  return { items: timelines, conflicts, history: past };
}

/** What of a history matters to a cluster: with the same, the same happens. */
export function clusterHistory(
  cluster: readonly PlannedItem[],
  { rules }: Pick<Holding, 'rules'>,
  history: readonly SoundedSpan[],
): readonly SoundedSpan[] {
  return relevantHistory(rules, history, (cluster[0]?.startsAt ?? 0) - PREPARE_MS);
}

/** The same for items that lie in the order of the plan and that nothing before or after them touches (`clustersOf`). */
export function simulateCluster(
  cluster: readonly PlannedItem[],
  holding: Holding,
  history: readonly SoundedSpan[],
): Timeline {
  const from = (cluster[0]?.startsAt ?? 0) - PREPARE_MS;
  const { items, history: after } = new World({ holding, items: cluster, from, history }).run();
  return { items, conflicts: conflictsOf(cluster), history: after };
}
