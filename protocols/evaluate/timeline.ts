import type { ErrorCode } from '../errors/index.ts';
import type { SoundedSpan } from './sessions.ts';

/** A stretch in which an item sounds. */
export interface SoundRange {
  readonly startedAt: number;
  readonly endedAt: number;
  /** From 0. */
  readonly repetition: number;
  /** Where in the content it begins, ms. */
  readonly fromMs: number;
  /** It speaks over another item, which is ducked. */
  readonly over: boolean;
}

/** Why an item does not sound, or not whole, or not on time. */
export interface Reason {
  readonly code: ErrorCode;
  /** The item that is in its way, where one is. */
  readonly other: string | null;
}

/** What becomes of one item. */
export interface ItemTimeline {
  readonly id: string;
  /** Ascending. Several where it repeats, or goes on after a pre-emption. */
  readonly ranges: readonly SoundRange[];
  /** First sound after the planned start, ms; null: it never sounds. */
  readonly lateMs: number | null;
  /** What held it back at first; null: nothing did. */
  readonly heldBackBy: Reason | null;
  /** Why it did not sound, or did not sound to its end; null: it sounded whole. */
  readonly reason: Reason | null;
}

/** Two items of one priority that overlap as planned. `priority`: a person should decide which is first. */
export interface Conflict {
  readonly kind: 'equal' | 'priority';
  readonly a: string;
  readonly b: string;
  /** The overlap as planned. */
  readonly from: number;
  readonly to: number;
}

/** What sounds, and why not. */
export interface Timeline {
  /** In the order of the plan. */
  readonly items: readonly ItemTimeline[];
  readonly conflicts: readonly Conflict[];
  /** What a later simulation has to know of this one. */
  readonly history: readonly SoundedSpan[];
}
