import { type Clock, type Instant, Lifecycle, type Milliseconds, type Timer } from '#kit';
import { isDomainError, type ReasonView } from '#protocols';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { Delivery } from '../deliveries/receipts.ts';
import type { Storage } from '../unit-of-work.ts';
import type { StoredSlot } from './plan.ts';
import type { SlotBook } from './slot-book.ts';
import type { SlotBroadcasts } from './slot-broadcasts.ts';
import { UnissuedSlots } from './unissued-slots.ts';

/** A slot's broadcast is made so long before its start. */
export const ISSUE_LEAD_MS: Milliseconds = 15 * 60_000;
/** The slots are looked at no less often: a wall clock that was set is noticed. */
const LOOK_MS: Milliseconds = 30_000;
const RETRY_MS: Milliseconds = 1_000;
/** Slots that could not be issued by themselves are tried again so soon. */
const TRY_AGAIN_MS: Milliseconds = 10_000;
/** A slot may come into the plan after its start, by its lateness, and the clock may have been set back a little. */
const LOOK_BACK_MS = 2 * 24 * 3_600_000;
/** Slots of one transaction. */
const SLICE = 20;
/** The watermark is stored no more often while nothing is issued. */
const MARK_MS: Milliseconds = 60_000;

/** Setting that says when the schedules were last compiled: every slot that began up to there has its broadcast. */
export const WATERMARK = 'plans.watermark';

export interface SlotIssuerOptions {
  readonly storage: Storage;
  readonly slots: SlotBook;
  readonly broadcasts: SlotBroadcasts;
  readonly clock: Clock;
  /** Whether our own clock is in doubt: then nothing is issued. */
  readonly disputed: () => boolean;
  /** Follows a broadcast until it is decided. */
  readonly settler: {
    watch(broadcastId: string): Promise<void>;
    changed(deliveries: readonly Delivery[]): void;
  };
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the broadcast of every slot, once, a little before its start. One timer; what it finds late (we were away, the clock was set, a
 * backup was put back) gets its broadcast then: nothing between the watermark and now is left out, and no id is used twice.
 */
export class SlotIssuer extends Lifecycle {
  readonly #options: SlotIssuerOptions;
  #watermark: Instant = 0;
  #markedAt: Milliseconds = Number.NEGATIVE_INFINITY;
  #stored: Instant | undefined;
  #timer: Timer | undefined;
  #working = false;
  #again = false;
  #open = false;
  #issued = 0;
  readonly #unissued: UnissuedSlots;
  /** Broadcasts that are made and not followed yet. */
  readonly #unfollowed = new Set<string>();

  constructor(options: SlotIssuerOptions) {
    super();
    this.#options = options;
    this.#unissued = new UnissuedSlots({ onError: options.onError });
  }

  /** The last successful compilation: every slot that began up to here has its broadcast. */
  get watermark(): Instant {
    return this.#watermark;
  }

  /** Broadcasts made since the start. */
  get issued(): number {
    return this.#issued;
  }

  /** Slots that are due and whose broadcast cannot be made. */
  get failing(): number {
    return this.#unissued.size;
  }

  /** Why the broadcast of a slot that is due could not be made; null: nothing stood in its way. */
  failureOf(broadcastId: string): ReasonView | null {
    return this.#unissued.reasonOf(broadcastId);
  }

  /** Reads the watermark; before the first compilation, which asks for it. A new controller begins now. */
  async load(): Promise<void> {
    const { storage, clock } = this.#options;
    const stored = await storage.read.settings.get(WATERMARK);
    this.#stored = stored === null ? undefined : Number(stored);
    this.#watermark = this.#stored ?? Math.floor(clock.now());
  }

  protected async onStart(): Promise<void> {
    this.#open = true;
    this.disposers.defer('slot timer', () => {
      this.#open = false;
      this.#timer?.cancel();
      this.#timer = undefined;
    });
    await this.#round();
  }

  /** The plan has changed, or the clock is trusted again. */
  look(): void {
    this.#again = true;
    if (!this.#working) this.#arm(0);
  }

  #arm(delayMs: Milliseconds): void {
    if (!this.#open) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer('slots: issue', delayMs, () => {
      this.#timer = undefined;
      this.background(this.#round(), this.#options.onError);
    });
  }

  async #round(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    this.#again = false;
    let pause: Milliseconds = LOOK_MS;
    try {
      try {
        await this.#issueDue();
      } finally {
        await this.#followAll();
      }
      pause = Math.min(this.#unissued.size > 0 ? TRY_AGAIN_MS : LOOK_MS, await this.#untilNext());
    } catch (error) {
      pause = RETRY_MS;
      if (!isDomainError(error, 'storage.busy')) this.#options.onError(error);
    } finally {
      this.#working = false;
      this.#arm(this.#again ? 0 : pause);
    }
  }

  async #issueDue(): Promise<void> {
    const { storage, clock, disputed } = this.#options;
    if (disputed()) return;
    const now = clock.now();
    const until = now + ISSUE_LEAD_MS;
    // A clock that was believed in the future left the watermark there.
    const from = Math.min(this.#watermark, now, this.#unissued.earliest) - LOOK_BACK_MS;
    const seen = new Set<string>();
    let last: StoredSlot | undefined;
    do {
      const due: readonly StoredSlot[] = await storage.read.plans.unissued(from, until, last);
      for (const { broadcastId } of due) seen.add(broadcastId);
      for (let at = 0; at < due.length; at += SLICE) await this.#issueSlice(due.slice(at, at + SLICE));
      last = due.at(-1);
    } while (last !== undefined);
    this.#unissued.keepOnly(seen);
    await this.#mark(now);
  }

  /** Together; where that fails each by itself: one that cannot be issued holds up no other. */
  async #issueSlice(due: readonly StoredSlot[]): Promise<void> {
    try {
      await this.#issue(due);
    } catch (error) {
      // Nothing can be written just now, whichever slot it is of.
      if (isStorageError(error)) throw error;
      const [slot] = due;
      if (due.length === 1 && slot !== undefined) this.#unissued.failed(slot, error);
      else for (const one of due) await this.#issueSlice([one]);
    }
  }

  async #issue(due: readonly StoredSlot[]): Promise<void> {
    const { storage, slots, broadcasts, clock } = this.#options;
    const made = await storage.transaction(async (tx) => {
      const now = clock.now();
      const issued: Broadcast[] = [];
      for (const { broadcastId } of due) {
        // As it is now: it may have been changed or taken out since it was read.
        const slot = await tx.plans.slot(broadcastId);
        if (slot === null || slot.withdrawnAt !== null) continue;
        const broadcast = await broadcasts.issue(tx, slot, now);
        tx.afterCommit(() => slots.put([{ ...slot, issuedAt: slot.issuedAt ?? Math.floor(now) }]));
        if (broadcast !== null) issued.push(broadcast);
      }
      tx.afterCommit(() => {
        for (const { id } of issued) this.#unfollowed.add(id);
        for (const { broadcastId } of due) this.#unissued.settled(broadcastId);
      });
      return issued;
    });
    this.#issued += made.length;
  }

  /** Each by itself: one that cannot be read just now is tried again, and keeps no other from being followed. */
  async #followAll(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    for (const id of this.#unfollowed)
      try {
        await this.#follow(id);
        this.#unfollowed.delete(id);
      } catch (error) {
        failure = { error };
      }
    if (failure !== undefined) throw failure.error;
  }

  /** What loudspeakers told before the broadcast was made is counted now. */
  async #follow(broadcastId: string): Promise<void> {
    const { settler, storage } = this.#options;
    await settler.watch(broadcastId);
    settler.changed(await storage.read.receipts.ofBroadcast(broadcastId));
  }

  async #mark(now: Instant): Promise<void> {
    const { storage, slots, clock } = this.#options;
    // What was not compiled may have been due already: it is not passed over. And never in the future: it may be set back to now.
    const mark = Math.floor(Math.min(slots.compiledAt ?? this.#watermark, now));
    this.#watermark = mark;
    if (mark === this.#stored) return;
    const back = this.#stored !== undefined && mark < this.#stored;
    if (!back && clock.monotonic() - this.#markedAt < MARK_MS) return;
    await storage.transaction((tx) => tx.settings.put(WATERMARK, String(mark), Math.floor(now)));
    this.#stored = mark;
    this.#markedAt = clock.monotonic();
  }

  async #untilNext(): Promise<Milliseconds> {
    const { storage, clock } = this.#options;
    const now = clock.now();
    const next = await storage.read.plans.nextStart(now + ISSUE_LEAD_MS);
    return next === null ? LOOK_MS : Math.max(1, next - ISSUE_LEAD_MS - now + 1);
  }
}

function isStorageError(error: unknown): boolean {
  return isDomainError(error) && error.code.startsWith('storage.');
}
