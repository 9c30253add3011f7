import type { CancelOrder, ErrorCode, FileContent, PlayOrder } from '#protocols';
import type { Item } from '../playback-control/arbitrate.ts';
import type { OrderPhase, OrderRecord, OrderStore } from '../state/order-store.ts';

/** Heard again after an interruption, so that the sentence makes sense; less than the overlap that counts as twice. */
const REWIND_MS = 1_000;

/** What an order's record says of its progress, numbered in the order in which it came to be. */
export type ItemState = Pick<
  OrderRecord,
  'phase' | 'plays' | 'repetitions' | 'resumeFromMs' | 'ready' | 'ended'
> & { readonly version: number };

/** One accepted order on its way to being played. What is written here is made durable by `persist`. */
export class PlayItem {
  readonly id: string;
  readonly record: OrderRecord;
  readonly order: PlayOrder;
  readonly content: FileContent;
  /** It came over the link in this run. */
  readonly fresh: boolean;
  /** Local monotonic time at which it was taken in. */
  readonly heardAtMs: number;
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
  /** The order that takes it back. */
  cancelledBy: Pick<CancelOrder, 'reason'> | null = null;
  #version = 0;
  #persisted = 0;

  constructor(options: {
    readonly record: OrderRecord;
    readonly order: PlayOrder;
    readonly content: FileContent;
    readonly fresh: boolean;
    readonly heardAtMs: number;
  }) {
    this.record = options.record;
    this.id = options.record.orderId;
    this.order = options.order;
    this.content = options.content;
    this.fresh = options.fresh;
    this.heardAtMs = options.heardAtMs;
    const { phase, plays, repetitions, resumeFromMs, ready } = options.record;
    this.phase = phase;
    this.plays = plays;
    this.repetitions = repetitions;
    this.resumeFromMs = resumeFromMs;
    this.ready = ready;
  }

  get emergency(): boolean {
    return this.order.priority === 'emergency';
  }

  /** Planned instant of the repetition that comes next. */
  get plannedAt(): number {
    return this.order.startsAt + this.#shiftMs;
  }

  /** As `arbitrate` sees it. */
  item(): Item {
    const { priority, hardEndAt, latestStartAt, expiresAt, window, windowOverride } = this.order;
    const free = this.emergency || windowOverride !== null;
    return {
      id: this.id,
      priority,
      number: this.record.number,
      plannedAt: this.plannedAt,
      // What was interrupted may go on late, but nothing begins that has expired.
      latestStartAt:
        this.phase === 'interrupted' ? expiresAt : Math.min(latestStartAt + this.#shiftMs, expiresAt),
      hardEndAt,
      window: free ? null : window,
      ready: this.fetched,
      fresh: this.fresh,
      blockedBy: this.blockedBy ?? (this.fetched ? null : (this.trouble ?? 'cache.unreachable')),
    };
  }

  /** One repetition sounded whole. False: it was the last. */
  repetitionDone(): boolean {
    this.repetitions += 1;
    this.resumeFromMs = 0;
    this.phase = this.repetitions < this.order.repeat.count ? 'open' : 'done';
    return this.phase === 'open';
  }

  /** Stopped in mid-play at this position, to go on if the order says so. */
  interrupted(positionMs: number): void {
    this.resumeFromMs = Math.max(this.resumeFromMs, positionMs - REWIND_MS);
    this.phase = this.order.afterInterruption === 'resume' ? 'interrupted' : 'done';
  }

  /** What its record is to say. */
  snapshot(): ItemState {
    const { phase, plays, repetitions, resumeFromMs, ready } = this;
    this.#version += 1;
    return { phase, plays, repetitions, resumeFromMs, ready, ended: null, version: this.#version };
  }

  /** Makes a snapshot durable, unless a later one already is. */
  async persist(orders: OrderStore, { version, ...state }: ItemState): Promise<void> {
    if (version < this.#persisted) return;
    this.#persisted = version;
    await orders.update(this.id, state);
  }

  get #shiftMs(): number {
    return this.repetitions * (this.content.durationMs + this.order.repeat.intervalMs);
  }
}
