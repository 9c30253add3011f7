import type { Clock } from '#kit';
import {
  type Conflict,
  clusterHistory,
  type Holding,
  type ItemTimeline,
  inPlanOrder,
  type SoundedSpan,
  simulateCluster,
  type Timeline,
} from '#protocols';
import { Turns } from '../../turns.ts';
import { Holdings } from './holdings.ts';
import type { PreviewClass, PreviewRange, PreviewSlot, PreviewSpeaker } from './preview-types.ts';
import { type PreviewCluster, SlotIndex } from './slot-index.ts';

const DAY_MS = 86_400_000;

/**
 * What every one of these loudspeakers will play, and why not: each as `simulate` over all of its slots that begin in [from, to).
 * Lets the event loop run in between.
 */
export async function previewAll(
  slots: readonly PreviewSlot[],
  speakers: readonly PreviewSpeaker[],
  range: PreviewRange,
  clock: Pick<Clock, 'monotonic'>,
): Promise<PreviewClass[]> {
  const classes: PreviewClass[] = [];
  const turns = new Turns(clock);
  for (const step of previewSteps(slots, speakers, range)) {
    if (step !== null) classes.push(step);
    if (turns.due) await turns.turn();
  }
  return classes;
}

/** The same step by step: a class when one is worked out, null where there is only time for something else. */
export function* previewSteps(
  slots: readonly PreviewSlot[],
  speakers: readonly PreviewSpeaker[],
  { from, to }: PreviewRange,
): Generator<PreviewClass | null, void> {
  const inRange = slots.filter(({ startsAt }) => startsAt >= from && startsAt < to);
  yield null;
  const ordered = yield* inOrder(inRange);
  const index = new SlotIndex(ordered);
  yield null;
  const groups = new Map<string, { readonly speaker: PreviewSpeaker; readonly speakerIds: string[] }>();
  const holdings = new Holdings();
  for (const speaker of speakers) {
    const key = `${index.listOf(speaker).id} ${holdings.of(speaker).id}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { speaker, speakerIds: [speaker.speakerId] });
      yield null;
    } else group.speakerIds.push(speaker.speakerId);
  }
  const memo = new Map<string, Timeline>();
  for (const { speaker, speakerIds } of groups.values()) {
    const { slots: own, clusters } = index.listOf(speaker);
    const { id, holding } = holdings.of(speaker);
    const parts: Timeline[] = [];
    let past: readonly SoundedSpan[] = [];
    for (const cluster of clusters) {
      const part = memoised(memo, cluster, id, holding, past);
      parts.push(part);
      past = part.history;
      yield null;
    }
    yield { speakerIds, slots: own, timeline: joined(parts, past) };
  }
}

/** `inPlanOrder`, a day at a time: to sort weeks of a province at one go holds everybody up. */
function* inOrder(slots: readonly PreviewSlot[]): Generator<null, PreviewSlot[]> {
  const days = new Map<number, PreviewSlot[]>();
  for (const slot of slots) {
    const number = Math.floor(slot.startsAt / DAY_MS);
    const day = days.get(number);
    if (day === undefined) days.set(number, [slot]);
    else day.push(slot);
  }
  yield null;
  const ordered: PreviewSlot[] = [];
  for (const [, day] of [...days].sort(([a], [b]) => a - b)) {
    for (const slot of inPlanOrder(day)) ordered.push(slot);
    yield null;
  }
  return ordered;
}

function memoised(
  memo: Map<string, Timeline>,
  cluster: PreviewCluster,
  holdingId: number,
  holding: Holding,
  past: readonly SoundedSpan[],
): Timeline {
  const history = clusterHistory(cluster.slots, holding, past);
  const spans = history.map(({ startedAt, endedAt, emergency }) => `${startedAt}-${endedAt}-${emergency}`);
  const key = `${cluster.id} ${holdingId} ${spans.join()}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const part = simulateCluster(cluster.slots, holding, history);
  memo.set(key, part);
  return part;
}

function joined(parts: readonly Timeline[], history: readonly SoundedSpan[]): Timeline {
  const items: ItemTimeline[] = [];
  const conflicts: Conflict[] = [];
  for (const part of parts) {
    for (const item of part.items) items.push(item);
    for (const conflict of part.conflicts) conflicts.push(conflict);
  }
  return { items, conflicts, history };
}
