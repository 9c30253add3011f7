import type { Instant } from '#kit';
import type { Targets } from '#protocols';
import type { Schedule } from '../schedule/schedule.ts';
import type { SlotOrder } from '../schedule/slots.ts';
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
  readonly targets: Targets;
  readonly order: SlotOrder;
}

/** An item that would be due and is not planned, and why. */
export interface WithheldDraft {
  readonly broadcastId: string;
  readonly code: string;
}

/** Every schedule that may have occurrences, with what is needed to make slots of them: one picture. */
export interface SlotFacts {
  /** Not deleted. */
  readonly schedules: readonly Schedule[];
  /** What one schedule plans, of the sessions that begin in [from, to). */
  expand(
    schedule: Schedule,
    from: Instant,
    to: Instant,
  ): { readonly slots: readonly SlotDraft[]; readonly withheld: readonly WithheldDraft[] };
}

export interface SlotSource {
  read(stores: Pick<Stores, 'schedules' | 'programmes' | 'announcements' | 'media'>): Promise<SlotFacts>;
}
