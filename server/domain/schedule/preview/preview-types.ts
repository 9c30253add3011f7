import type { Instant } from '#kit';
import type { Holding, PlannedItem, Targets, Timeline } from '#protocols';

/** One slot of a plan, as far as a preview needs it. */
export interface PreviewSlot extends PlannedItem {
  readonly title: string;
  readonly scheduleId: string | null;
  readonly targets: Targets;
}

/** One loudspeaker, and what holds there. `areas`: its ancestry, from the widest area to its own. */
export interface PreviewSpeaker extends Holding {
  readonly speakerId: string;
  readonly areas: readonly string[];
}

export interface PreviewRange {
  readonly from: Instant;
  readonly to: Instant;
}

/** Loudspeakers at which the same happens, and what that is. */
export interface PreviewClass {
  readonly speakerIds: readonly string[];
  /** The slots that are for them, in the order of the plan. */
  readonly slots: readonly PreviewSlot[];
  readonly timeline: Timeline;
}
