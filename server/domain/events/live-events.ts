import type { AnnouncementState, Progress } from '#protocols';

/**
 * What the console and the demo watch. Each has an area, so that a viewer sees only the own ones; `targetAreas` are meant with all below them, but for
 * `exceptAreas` (see `reaches`).
 */
export interface LiveEventMap {
  'speaker.changed': { readonly speakerId: string; readonly areaId: string; readonly link: string };
  'media.progress': {
    readonly jobId: string;
    readonly areaId: string;
    readonly state: string;
    readonly stage: string;
    readonly progress: number;
  };
  'broadcast.changed': { readonly broadcastId: string; readonly areaId: string; readonly state: string };
  /**
   * Two priority items want the same loudspeakers, and a person is to say which comes first. Unanswered, `first` does. Once for the area
   * of each, when it is found.
   */
  'priority.undecided': {
    readonly areaId: string;
    readonly first: string;
    readonly second: string;
    /** Their overlap as planned. */
    readonly from: number;
    readonly to: number;
    readonly speakers: number;
  };
  /** Some loudspeakers did not have it, and it could be aired again there. */
  'make_good.proposed': {
    readonly broadcastId: string;
    readonly areaId: string;
    readonly speakers: number;
    readonly startsAt: number;
  };
  /** Everything was stopped in a scope ("area.ID", "speaker.ID"), or may sound again. */
  'latch.changed': {
    readonly latchId: string;
    readonly areaId: string;
    readonly scope: string;
    readonly state: 'set' | 'released';
  };
  /** A session is planned within half an hour where a stop, a mute or maintenance holds. */
  reminder: {
    readonly kind: 'latch' | 'mute' | 'maintenance';
    readonly scope: string;
    readonly areaId: string;
    readonly latchId: string | null;
    readonly by: string;
    readonly sessionAt: number;
  };
  /** At 20:00: so many items of the next day are not approved. Once for each area whose schedules they are of, or in which they are not approved. */
  'approval.due': {
    /** Of area and day: where it is told once more after a crash, it is the same one. */
    readonly id: string;
    readonly areaId: string;
    readonly day: string;
    readonly count: number;
    readonly firstAt: number;
    /** The area, where they lack an approval in all of it and no nearer area is told. */
    readonly targetAreas: readonly string[];
  };
  /** An announcement was handed in, or somebody decided about it. */
  'announcement.changed': {
    readonly announcementId: string;
    readonly areaId: string;
    /** What it is meant for: people there are asked. */
    readonly targetAreas: readonly string[];
    readonly state: AnnouncementState;
  };
  /** An emergency was asked for, aired, let go or reviewed. `review`: null where there is none. */
  'emergency.changed': {
    readonly emergencyId: string;
    readonly areaId: string;
    /** Where it is for: people there see it too. */
    readonly targetAreas: readonly string[];
    /** Below these, where it is not for. */
    readonly exceptAreas: readonly string[];
    readonly state: 'waiting' | 'aired' | 'dropped';
    readonly review: 'open' | 'resolved' | null;
  };
  /** A leave for a series was given, taken back in part, or ended. */
  'approval.standing': {
    readonly areaId: string;
    readonly standingId: string;
    readonly seriesId: string;
    /** What it was given for: what waits there may change. */
    readonly targetAreas: readonly string[];
    readonly state: 'in_force' | 'ended';
  };
  'delivery.changed': {
    readonly broadcastId: string;
    readonly speakerId: string;
    readonly areaId: string;
    readonly state: string;
    readonly code: string | null;
    readonly startErrorMs: number | null;
  };
  /** A backup is being made. */
  'backup.progress': { readonly areaId: string; readonly phase: string; readonly bytes: number };
  /** A backup has ended. `alarm`: nothing has left the box for too long. */
  'backup.changed': {
    readonly areaId: string;
    readonly state: 'succeeded' | 'failed';
    readonly name: string | null;
    readonly alarm: boolean;
  };
  'delivery.progress': {
    readonly broadcastId: string;
    readonly speakerId: string;
    readonly areaId: string;
    readonly phase: Progress['phase'];
    readonly fraction: number;
  };
}

export type LiveEventName = keyof LiveEventMap;
export type LiveEvent = {
  [Name in LiveEventName]: { readonly name: Name; readonly data: LiveEventMap[Name] };
}[LiveEventName];

/** Where domain services tell what happened, after the commit. */
export interface LiveEvents {
  publish<Name extends LiveEventName>(name: Name, data: LiveEventMap[Name]): void;
}
