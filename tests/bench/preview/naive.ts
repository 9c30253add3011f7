import { isDeepStrictEqual } from 'node:util';
import { inPlanOrder, simulateCluster, type Timeline, targetsInclude } from '#protocols';
import type {
  PreviewClass,
  PreviewSlot,
  PreviewSpeaker,
} from '../../../server/domain/schedule/preview/preview-types.ts';

/** What a loudspeaker plays, worked out by itself: every slot is asked whether it is for it, and all of them are simulated in one go. */
function naive(slots: readonly PreviewSlot[], speaker: PreviewSpeaker): Timeline {
  const own = slots.filter(({ targets }) => targetsInclude(targets, speaker.speakerId, speaker.areas));
  return simulateCluster(inPlanOrder(own), speaker, []);
}

/** The loudspeakers for which a preview says something else than the naive run. */
export function differences(
  slots: readonly PreviewSlot[],
  speakers: readonly PreviewSpeaker[],
  classes: readonly PreviewClass[],
): string[] {
  const told = new Map(
    classes.flatMap(({ speakerIds, timeline }) => speakerIds.map((id) => [id, timeline] as const)),
  );
  return speakers
    .filter((speaker) => {
      const { items, conflicts } = naive(slots, speaker);
      const said = told.get(speaker.speakerId);
      return !isDeepStrictEqual([said?.items, said?.conflicts], [items, conflicts]);
    })
    .map(({ speakerId }) => speakerId);
}
