import type { BroadcastState, Priority, Targets } from '#protocols';
import type { ClearedBy } from '../announcements/clearance.ts';

/** One airing. */
export interface Broadcast {
  readonly id: string;
  /** Null: a technician's test of a built-in sound. */
  readonly announcementId: string | null;
  readonly areaId: string;
  readonly title: string;
  readonly priority: Priority;
  readonly state: BroadcastState;
  readonly startsAt: number;
  readonly latestStartAt: number;
  readonly hardEndAt: number;
  /** What was asked for, as far as it was approved, before it was expanded. */
  readonly targets: Targets;
  readonly targetCount: number;
  readonly drill: boolean;
  readonly makesGoodOf: string | null;
  readonly cancelReason: string | null;
  /** Code of why it was missed. */
  readonly missedCode: string | null;
  /** The occurrence that it is of; null: ordered by itself. */
  readonly scheduleId: string | null;
  readonly seriesId: string | null;
  readonly sessionId: string | null;
  readonly originalAt: number | null;
  /** By whose word it may sound; null: of before this was kept, or what needs nobody's. */
  readonly clearance: readonly ClearedBy[] | null;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** The speakers that a broadcast was meant for when it was made: one compact record, however many they are. */
export interface TargetSnapshot {
  readonly broadcastId: string;
  readonly speakerIds: readonly string[];
}

/** A signed order in its exact bytes, kept for ever. */
export interface StoredOrder {
  readonly id: string;
  readonly broadcastId: string;
  readonly kind: 'play' | 'cancel';
  /** Compact JWS as published. */
  readonly document: string;
  /** SHA-256 of it. */
  readonly hash: string;
  /** Topics that it goes to: area topics, or speakers' own for personal targets. */
  readonly topics: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** An order that is still to be published. */
export interface OutboxItem {
  /** Ascending: the order of publication. */
  readonly seq: number;
  readonly orderId: string;
  readonly broadcastId: string;
  readonly document: string;
  readonly topics: readonly string[];
  readonly expiresAt: number;
}

/** An order that a speaker has not answered, to be sent on its own topic. */
export interface DueOrder {
  readonly orderId: string;
  readonly broadcastId: string;
  readonly document: string;
}

export interface BroadcastStore {
  list(filter: {
    readonly areaIds: readonly string[];
    readonly limit: number;
    readonly before?: string;
  }): Promise<Broadcast[]>;
  get(id: string): Promise<Broadcast | null>;
  /** Those of these ids that exist. */
  some(ids: readonly string[]): Promise<Broadcast[]>;
  insert(broadcast: Broadcast, snapshot: TargetSnapshot): Promise<void>;
  /** Writes a broadcast of a plan anew, with its targets: its slot was changed or planned again before it began. */
  rewrite(broadcast: Broadcast, snapshot: TargetSnapshot): Promise<void>;
  snapshot(broadcastId: string): Promise<TargetSnapshot | null>;
  /** Moves to `to` if the present state is one of `from`; false when not. */
  transition(
    id: string,
    from: readonly BroadcastState[],
    to: BroadcastState,
    cancelReason?: string,
  ): Promise<boolean>;
  /** Broadcasts that are neither completed, failed, partial nor cancelled. */
  open(): Promise<Broadcast[]>;
  /** Those among them that air this announcement, oldest first. */
  openOf(announcementId: string): Promise<Broadcast[]>;
  /** Those of an announcement that this person ordered by themselves, of no schedule, from an instant on, oldest first; what was cancelled since too. */
  orderedOf(
    of: { readonly announcementId: string; readonly createdBy: string },
    from: number,
  ): Promise<Broadcast[]>;
  /** Those of these announcements that began before an instant by a leave for their series, and that loudspeakers may have played. */
  airedByLeave(announcementIds: readonly string[], before: number): Promise<Broadcast[]>;
  /** The make-goods of these broadcasts. */
  makeGoodsOf(ids: readonly string[]): Promise<Broadcast[]>;
  /** Broadcasts that began in [from, to) and of which some loudspeaker did not report all: partial, failed or missed. */
  incomplete(from: number, to: number): Promise<Broadcast[]>;
  /** Broadcasts that no schedule asked for, begin in [from, to) and were not cancelled. */
  ordered(from: number, to: number): Promise<Broadcast[]>;
  /** Priority items that begin in [from, to) and were not cancelled, by start. */
  prioritiesBetween(from: number, to: number): Promise<Broadcast[]>;
  /** Stores a signed order and its outbox row. */
  insertOrder(order: StoredOrder): Promise<void>;
  orders(broadcastId: string): Promise<StoredOrder[]>;
  /** The orders of all these broadcasts, in the order of their ids. */
  ordersOf(broadcastIds: readonly string[]): Promise<StoredOrder[]>;
  /** Unpublished orders, oldest first. */
  outbox(limit: number): Promise<OutboxItem[]>;
  markPublished(seq: number, at: number): Promise<void>;
  /** Every order not expired at `now`, with its broadcast's target snapshot: the dispatcher's table of what is due. */
  liveOrders(now: number): Promise<{ readonly order: StoredOrder; readonly snapshot: TargetSnapshot }[]>;
}
