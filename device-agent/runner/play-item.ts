import {
  type CancelOrder,
  type ErrorCode,
  type FileContent,
  type Item,
  itemOf,
  type KeyRing,
  type PlannedItem,
  type PlayOrder,
  plannedAtOf,
  plannedItem,
  resumeFrom,
} from '#protocols';
import { filesOfOrder, type PlayableContent } from '../inbox/content-of.ts';
import type { OrderPhase, OrderRecord, OrderStore } from '../state/order-store.ts';

/** What an order's record says of its progress, numbered in the order in which it came to be. */
export type ItemState = Pick<
  OrderRecord,
  'phase' | 'plays' | 'repetitions' | 'resumeFromMs' | 'ready' | 'ended'
> & { readonly version: number };

/** Why an item is to stop, or not to begin: a person's order takes it back, or (with a code) the plan does not name it any more. */
export type Cancellation = Pick<CancelOrder, 'reason'> & { readonly code?: ErrorCode };

/** Throws a `DomainError` when a slot is not vouched for by a plan head that is in force and signed with one of these keys. */
export type ProveSlot = (record: OrderRecord, keys: KeyRing) => Promise<void>;

/** One accepted order, or a slot of the plan, on its way to being played. What is written here is made durable by `persist`. */
export class PlayItem {
  readonly id: string;
  readonly record: OrderRecord;
  readonly order: PlayOrder;
  readonly content: PlayableContent;
  /** What has to be fetched for it. */
  readonly files: readonly FileContent[];
  /** Proves a slot; null: an order carries a signature of its own. */
  readonly proveSlot: ProveSlot | null;
  /** When the plan head that names it runs out; null: an order. */
  plannedUntil: number | null;
  /** It came over the link in this run. */
  readonly fresh: boolean;
  readonly abort = new AbortController();
  phase: OrderPhase;
  plays: number;
  repetitions: number;
  resumeFromMs: number;
  /** The journal says that the content is here. */
  ready: boolean;
  /** It is here now. */
  fetched = false;
  fetching = false;
  trouble: ErrorCode | null = null;
  blockedBy: ErrorCode | null = null;
  /** What takes it back. */
  cancelledBy: Cancellation | null = null;
  /** Faults since the last repetition that sounded whole. */
  failures = 0;
  /** Local monotonic time before which it is not tried again after a fault. */
  retryAtMs = Number.NEGATIVE_INFINITY;
  /** How often its files were proved ahead of its time. */
  proofs = 0;
  /** The latch that was set when it began, and that it passes: an emergency only. */
  passes: string | null = null;
  /** Stored sounds that it names and that were not here when it began. */
  lacks: readonly string[] = [];
  #version = 0;
  #persisted = 0;

  constructor(options: {
    readonly record: OrderRecord;
    readonly order: PlayOrder;
    readonly content: PlayableContent;
    readonly fresh: boolean;
    readonly proveSlot?: ProveSlot;
    readonly plannedUntil?: number;
  }) {
    this.record = options.record;
    this.id = options.record.orderId;
    this.order = options.order;
    this.content = options.content;
    this.files = filesOfOrder(options.order, options.content);
    this.proveSlot = options.proveSlot ?? null;
    this.plannedUntil = options.plannedUntil ?? null;
    this.fresh = options.fresh;
    const { phase, plays, repetitions, resumeFromMs, ready } = options.record;
    this.phase = phase;
    this.plays = plays;
    this.repetitions = repetitions;
    this.resumeFromMs = resumeFromMs;
    this.ready = ready;
  }

  /** It is a slot of the plan. */
  get isSlot(): boolean {
    return this.record.origin === 'plan';
  }

  get emergency(): boolean {
    return this.order.priority === 'emergency';
  }

  /** Planned instant of the repetition that comes next. */
  get plannedAt(): number {
    return this.plannedAtOf(this.repetitions);
  }

  /** Planned instant of the repetition that comes after so many. */
  plannedAtOf(repetitions: number): number {
    return plannedAtOf(this.#planned, { repetitions });
  }

  /** As `arbitrate` sees it. */
  item(): Item {
    const { repetitions, resumeFromMs, trouble, fresh, blockedBy } = this;
    // An emergency begins with its tone while the words are still coming.
    const ready = this.fetched || this.emergency;
    const progress = { repetitions, resumeFromMs, interrupted: this.phase === 'interrupted' };
    return itemOf(this.#planned, progress, { ready, trouble, fresh, blockedBy });
  }

  /** An emergency that a fault ends is tried again until its time is over: lives may hang on it. */
  get triesAgain(): boolean {
    return this.emergency && !this.order.test && this.cancelledBy === null;
  }

  /** One repetition sounded whole, or its time has passed. False: it was the last. */
  repetitionDone(): boolean {
    this.failures = 0;
    this.retryAtMs = Number.NEGATIVE_INFINITY;
    this.repetitions += 1;
    this.resumeFromMs = 0;
    this.phase = this.repetitions < this.order.repeat.count ? 'open' : 'done';
    return this.phase === 'open';
  }

  /** Stopped in mid-play at this position, to go on if the order says so. */
  interrupted(positionMs: number): void {
    this.resumeFromMs = resumeFrom(this, positionMs);
    this.phase = this.order.afterInterruption === 'resume' ? 'interrupted' : 'done';
  }

  /** A fault ended it at this position (null: before anything of the content was heard). It goes on from there if it is tried again. */
  failed(positionMs: number | null): void {
    this.failures += 1;
    if (positionMs !== null) this.resumeFromMs = resumeFrom(this, positionMs);
    // What has begun may go on late.
    this.phase = this.triesAgain ? 'interrupted' : 'done';
  }

  /** What its record is to say, but for `change`. */
  snapshot(change: Partial<Pick<ItemState, 'phase' | 'plays'>> = {}): ItemState {
    const { phase, plays, repetitions, resumeFromMs, ready } = this;
    this.#version += 1;
    return { phase, plays, repetitions, resumeFromMs, ready, ...change, ended: null, version: this.#version };
  }

  /** Makes a snapshot durable, unless a later one already is. */
  async persist(orders: OrderStore, { version, ...state }: ItemState): Promise<void> {
    if (version < this.#persisted) return;
    this.#persisted = version;
    await orders.update(this.id, state, this.record.hash);
  }

  get #planned(): PlannedItem {
    return plannedItem(this.order, this.plannedUntil);
  }
}
