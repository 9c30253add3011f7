import type { Instant } from '#kit';
import type { Capacity, EmergencyRequest } from '#protocols';

/** An emergency that somebody asked for: aired at once, or waiting for a second person. */
export interface Emergency {
  readonly id: string;
  readonly announcementId: string;
  /** The area whose announcement it is. */
  readonly areaId: string;
  readonly title: string;
  /** `approvalHash` of what was asked for: nothing else airs. */
  readonly sha256: string;
  readonly request: EmergencyRequest;
  readonly askedBy: string;
  /** Whether who asked answered for everywhere that it is for, then; a second person's word asks it anew. */
  readonly askedByLeader: boolean;
  /** In which capacity, everywhere that it is for; null here and below: as no leader there, or before that was noted. */
  readonly askedAs: Capacity | null;
  readonly askedAt: Instant;
  /** Until then a second person may confirm it. */
  readonly expiresAt: Instant;
  readonly state: 'waiting' | 'aired' | 'dropped';
  /** Why it went out by one person's word alone: that is reviewed afterwards. */
  readonly breakGlass: string | null;
  /** Who confirmed it, or let it go. */
  readonly decidedBy: string | null;
  readonly decidedAs: Capacity | null;
  readonly decidedAt: Instant | null;
  readonly broadcastId: string | null;
  readonly reviewedBy: string | null;
  readonly reviewedAs: Capacity | null;
  readonly reviewedAt: Instant | null;
  readonly justified: boolean | null;
  readonly reviewNote: string | null;
}

export interface EmergencyStore {
  /** Newest first; `reviews`: only those that went out by one person's word alone. */
  newestFirst(options?: { readonly reviews?: boolean }): AsyncIterable<Emergency>;
  get(id: string): Promise<Emergency | null>;
  save(emergency: Emergency): Promise<void>;
}

/** What became of it by an instant. */
export function stateAt({ state, expiresAt }: Emergency, now: Instant): Emergency['state'] | 'expired' {
  return state === 'waiting' && expiresAt <= now ? 'expired' : state;
}
