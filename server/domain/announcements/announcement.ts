import type { AnnouncementState, Capacity, Priority } from '#protocols';
import type { HeardMark, MarkKind, OpenMark } from './mark.ts';

/** Who made the item, for the yearly statistics (domain: origin). */
export type Origin = 'own' | 'relay' | 'source_system' | 'notice';

/** Somebody's "no". */
export interface Refusal {
  readonly verdict: 'rejected' | 'withdrawn';
  readonly by: string;
  /** In which capacity; null: as no leader (a station's own withdrawal), or decided before that was noted. */
  readonly as: Capacity | null;
  readonly at: number;
  readonly reason: string | null;
}

/**
 * What the leader of an area decided about an announcement. A "yes" is to what it is now, and holds in the area and below it; anything else closes the
 * area with all below it, whatever a wider one says, and outlives every change until somebody says yes to that very area.
 */
export interface Decision extends Omit<Refusal, 'verdict'> {
  readonly areaId: string;
  readonly verdict: 'approved' | Refusal['verdict'];
  /** A "no" to what it was before it was changed or handed in again: who answers there is asked anew. */
  readonly carried?: true;
  /** The "no" that this "yes" is in place of, to nothing but what it is now. */
  readonly inPlaceOf?: Refusal;
}

export interface Announcement {
  readonly id: string;
  /** The area whose station made it: who may see and change it. */
  readonly areaId: string;
  readonly title: string;
  readonly category: string;
  readonly origin: Origin;
  /** BCP 47: "vi", "hmn", … */
  readonly language: string;
  readonly priority: Priority;
  readonly text: string | null;
  readonly state: AnnouncementState;
  /** The delivered bytes; approval is of exactly these. Null until audio is attached. */
  readonly mediaSha256: string | null;
  readonly approvedSha256: string | null;
  /** A stream to relay; then `mediaSha256` is its fallback, and approval is of the hash of both (see `approvalHash`). */
  readonly stream: { readonly url: string; readonly station: string; readonly durationMs: number } | null;
  /** Kept decoded on every loudspeaker of its area. */
  readonly stored: boolean;
  readonly rejectedReason: string | null;
  readonly createdBy: string;
  /** Accounts that composed what it says now, each once: none of them may approve it. */
  readonly composers: readonly string[];
  /** Account of the leader whose voice it is: that one may approve it although he composed it. Null: not a leader's own recording. */
  readonly recordedBy: string | null;
  /** The areas that it is meant for, whose leaders are asked; empty: its own. */
  readonly forAreas: readonly string[];
  /** One for each area; of exactly what has `approvedSha256` once there is a "yes". */
  readonly decisions: readonly Decision[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Where an announcement waits. */
export interface Marked {
  readonly announcement: Announcement;
  readonly open: readonly (OpenMark | HeardMark)[];
}

/** Where somebody looks for what is asked: what is marked as asked in exactly these areas, or as parted in one of `parted`. */
export interface AskedWhere {
  readonly areaIds: readonly string[];
  readonly parted: readonly string[];
}

export interface AnnouncementStore {
  list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Announcement[]>;
  get(id: string): Promise<Announcement | null>;
  /** Those of these ids that exist. */
  some(ids: readonly string[]): Promise<Announcement[]>;
  /** All that name a medium. */
  ofMedium(sha256: string): Promise<Announcement[]>;
  /** All to which somebody said no somewhere, also where a "yes" is in place of that, but those that are withdrawn for good. */
  refused(): Promise<Announcement[]>;
  /** The approved announcements of exactly this area that loudspeakers keep, newest first. */
  stored(areaId: string): Promise<Announcement[]>;
  /** All that have one of these marks in one of exactly these areas, in no order. */
  marked(kinds: readonly MarkKind[], areaIds: readonly string[]): Promise<Announcement[]>;
  /** Those that are approved and are of the station of one of exactly these areas or name one, newest first; `before`: the last of the page before. */
  approvedFor(
    areaIds: readonly string[],
    page: { readonly limit: number; readonly before?: string },
  ): Promise<Announcement[]>;
  /** Those that are marked as open there, oldest first; `after`: the last of the page before. */
  asked(
    where: AskedWhere,
    page: { readonly limit: number; readonly after?: string },
  ): Promise<Announcement[]>;
  /** Which of these ids are. */
  askedOf(ids: readonly string[], where: AskedWhere): Promise<ReadonlySet<string>>;
  /** Those that are marked as heard in one of exactly these areas, what was heard last first. */
  heard(areaIds: readonly string[], limit: number): Promise<Announcement[]>;
  /** Those of these ids that are marked as heard anywhere. */
  heardOf(ids: readonly string[]): Promise<Announcement[]>;
  /** Those whose open marks nobody has made yet, by their ids; `after`: the last of the page before. */
  unmarked(page: { readonly limit: number; readonly after?: string }): Promise<Announcement[]>;
  /** Puts these marks in place of what said where they wait. */
  mark(made: readonly Marked[]): Promise<void>;
  /** `open`: where it waits. By default wherever it may be asked for, to be looked at: nothing is overlooked. */
  insert(announcement: Announcement, open?: readonly OpenMark[]): Promise<void>;
  /** Replaces the record and its marks, `open` as above, if its state is still `from`; false when somebody was faster. */
  update(announcement: Announcement, from: AnnouncementState, open?: readonly OpenMark[]): Promise<boolean>;
}
