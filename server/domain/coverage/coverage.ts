import type { Instant } from '#kit';
import {
  type Coverage,
  type CoverageCounts,
  type CoverageVerdict,
  countsAsPlayed,
  type DeliveryState,
  type DeliveryView,
  PENDING,
  PLAYED_SHARE,
  soundedShare,
} from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { isOver } from '../broadcasts/delivery-report.ts';

const MISSED: readonly DeliveryState[] = [
  'missed',
  'refused',
  'failed',
  'cancelled',
  'interrupted',
  'finished',
];

/** Share (0 to 1) of the content that sounded, by the loudspeaker's word: the union of the ranges that it reports. */
export function reportedShare(view: DeliveryView, durationMs: number): number {
  if (countsAsPlayed(view)) return 1;
  const told = view.plays.filter(({ evidence, toMs }) => evidence === 'reported' && toMs !== null);
  return soundedShare(told, durationMs);
}

/** What one loudspeaker had of it. Only its own word makes it missed; silence is never more than unconfirmed. */
export function verdictOf(view: DeliveryView, share: number, over: boolean): CoverageVerdict {
  if (countsAsPlayed(view) || share >= PLAYED_SHARE) return 'played';
  const settled = MISSED.includes(view.state) && (over || view.state !== 'interrupted');
  if (settled) return share > 0 ? 'partly' : 'missed';
  if (!over) return 'waiting';
  return share > 0 ? 'partly' : 'unconfirmed';
}

/** The verdict of a hamlet: all alike, or in parts; while one may still play, it waits. */
export function verdictOfAll(counts: CoverageCounts): CoverageVerdict {
  const { played, partly, missed, unconfirmed, waiting } = counts;
  if (waiting > 0) return 'waiting';
  if (partly > 0 || (played > 0 && missed + unconfirmed > 0)) return 'partly';
  if (played > 0) return 'played';
  return unconfirmed > 0 ? 'unconfirmed' : 'missed';
}

/** What is known of a broadcast. */
export interface CoverageFacts {
  readonly broadcast: Broadcast;
  readonly durationMs: number;
  /** Every loudspeaker that was meant. */
  readonly speakerIds: readonly string[];
  readonly views: ReadonlyMap<string, DeliveryView>;
  /** The area of each loudspeaker, where it is still known. */
  readonly areaOf: (speakerId: string) => string | undefined;
  readonly tree: AreaTree;
  readonly makeGood: {
    readonly broadcast: Broadcast;
    readonly views: ReadonlyMap<string, DeliveryView>;
  } | null;
  readonly now: Instant;
}

/** Coverage per loudspeaker and per hamlet. Pure. */
export function coverage(facts: CoverageFacts): Coverage {
  const { broadcast, durationMs, views, areaOf, tree, makeGood, now } = facts;
  const speakers = [...facts.speakerIds].sort().map((speakerId) => {
    const view = views.get(speakerId) ?? PENDING;
    const share = reportedShare(view, durationMs);
    const again = makeGood?.views.get(speakerId);
    return {
      speakerId,
      areaId: areaOf(speakerId) ?? null,
      verdict: verdictOf(view, share, isOver(broadcast, view.state, now)),
      share,
      code: view.code,
      madeGood: again !== undefined && reportedShare(again, durationMs) >= PLAYED_SHARE,
    };
  });
  const areaIds = [...new Set(speakers.flatMap(({ areaId }) => areaId ?? []))].sort();
  return {
    broadcastId: broadcast.id,
    totals: countsOf(speakers),
    areas: areaIds.map((areaId) => {
      const counts = countsOf(speakers.filter((speaker) => speaker.areaId === areaId));
      const { kind, name } = tree.get(areaId);
      return { areaId, kind, name, verdict: verdictOfAll(counts), counts };
    }),
    speakers,
    makeGood:
      makeGood === null
        ? null
        : {
            broadcastId: makeGood.broadcast.id,
            state: makeGood.broadcast.state,
            startsAt: makeGood.broadcast.startsAt,
          },
  };
}

function countsOf(
  speakers: readonly { readonly verdict: CoverageVerdict; readonly madeGood: boolean }[],
): CoverageCounts {
  const counts = { played: 0, partly: 0, missed: 0, unconfirmed: 0, waiting: 0, madeGood: 0 };
  for (const { verdict, madeGood } of speakers) {
    counts[verdict] += 1;
    if (madeGood && verdict !== 'played') counts.madeGood += 1;
  }
  return counts;
}
