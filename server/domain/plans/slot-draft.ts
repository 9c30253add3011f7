import type { Instant } from '#kit';
import type { DomainError } from '#protocols';
import type { ClearedTargets } from '../announcements/clearance.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { PlannedSession } from '../schedule/session-limits.ts';
import type { SlotOrder } from '../schedule/slots.ts';
import type { TargetRules } from '../schedule/target-rules.ts';
import type { Turns } from '../turns.ts';
import type { Stores } from '../unit-of-work.ts';

/** A slot as it is to be planned: everything that the signed line says but its id, revision and time of signing. */
export interface SlotDraft {
  /** Follows from (series, original instant, item): the same for ever. */
  readonly broadcastId: string;
  readonly scheduleId: string;
  readonly announcementId: string;
  readonly areaId: string;
  readonly seriesId: string;
  readonly sessionId: string;
  readonly originalAt: Instant;
  readonly position: number;
  /** Resolved: areas of which none lies in another, and speakers that lie in none of them. */
  readonly targets: ClearedTargets;
  readonly order: SlotOrder;
}

/** An item that would be due and is not planned, and why. */
export interface WithheldDraft {
  readonly broadcastId: string;
  readonly code: string;
}

/** A session of a schedule, for the limits of sessions; `broadcastIds`: its slots. */
export interface DraftedSession extends PlannedSession {
  readonly broadcastIds: readonly string[];
}

/** What one schedule plans in a range. The same object as before while nothing has changed of what it was made from. */
export interface ScheduleDrafts {
  readonly schedule: Schedule;
  readonly slots: readonly SlotDraft[];
  readonly withheld: readonly WithheldDraft[];
  readonly sessions: readonly DraftedSession[];
  /** Nothing of it can be planned, and why; null: it can. */
  readonly failed: DomainError | null;
  /** When any of what is asked for was last written: what would have begun before was not asked for then. */
  readonly askedAt: Instant;
}

/** Every schedule that is not deleted, and what it plans: one picture. */
export interface SlotFacts {
  readonly drafts: readonly ScheduleDrafts[];
  /** The rules of the territory. Another object after a change of it. */
  readonly rules: TargetRules;
}

export interface SlotSource {
  /** What the schedules plan, of the sessions that begin in [from, to). In steps that hold nobody up. */
  read(
    stores: Pick<Stores, 'schedules' | 'programmes' | 'announcements' | 'media' | 'standing'>,
    range: { readonly from: Instant; readonly to: Instant },
    turns: Turns,
  ): Promise<SlotFacts>;
}
