import type { AnnouncementState, Capacity, Priority } from '#protocols';

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
  /**
   * All that are meant for one of exactly these areas, newest first: those that are handed in, with the approved ones that say for whom they are meant (they
   * may wait for somebody), or those that are approved.
   */
  meantFor(which: 'waiting' | 'approved', areaIds: readonly string[]): Promise<Announcement[]>;
  insert(announcement: Announcement): Promise<void>;
  /** Replaces the record if its state is still `from`; false when somebody was faster. */
  update(announcement: Announcement, from: AnnouncementState): Promise<boolean>;
}
