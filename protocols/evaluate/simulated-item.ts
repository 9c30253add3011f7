import type { ErrorCode } from '../errors/index.ts';
import { type Item, type ItemProgress, itemOf, leadOf, type PlannedItem, resumeFrom } from './item.ts';
import type { ItemTimeline, Reason, SoundRange } from './timeline.ts';

/** An item on its way through a simulation. */
export class SimulatedItem {
  readonly planned: PlannedItem;
  #progress: ItemProgress = { repetitions: 0, resumeFromMs: 0, interrupted: false };
  #item: Item & { blockedBy: ErrorCode | null };
  #ranges: SoundRange[] = [];
  #heldBackBy: Reason | null = null;
  #waitedFor: string | null = null;
  #reason: Reason | null = null;
  #passedFor: Reason | null = null;
  #done = false;

  constructor(planned: PlannedItem) {
    this.planned = planned;
    this.#item = this.#now(null);
  }

  get id(): string {
    return this.planned.id;
  }

  /** As `arbitrate` sees it. */
  get item(): Item {
    return this.#item;
  }

  get done(): boolean {
    return this.#done;
  }

  get emergency(): boolean {
    return this.#item.priority === 'emergency';
  }

  /** Its sound is part of the history of sessions. */
  get counts(): boolean {
    return this.emergency || !(this.planned.test || this.planned.override);
  }

  /** What keeps it from beginning now, if anything does. */
  blocked(code: ErrorCode | undefined, other: string | undefined): void {
    if (code !== undefined) {
      this.#waitedFor = other ?? null;
      this.#heldBackBy ??= this.#ranges.length === 0 ? { code, other: this.#waitedFor } : null;
    }
    this.#item.blockedBy = code ?? null;
  }

  sounded(startedAt: number, endedAt: number, over: boolean): void {
    const { repetitions: repetition, resumeFromMs } = this.#progress;
    const lead = leadOf(this.planned, this.#progress);
    // A stream is where its hour is.
    const fromMs = this.planned.keepsEnd
      ? Math.max(0, startedAt - this.#item.plannedAt) + lead
      : resumeFromMs;
    this.#ranges.push({ startedAt, endedAt, repetition, fromMs, over });
  }

  /** One repetition sounded whole. */
  repetitionDone(): void {
    const repetitions = this.#progress.repetitions + 1;
    this.#progress = { repetitions, resumeFromMs: 0, interrupted: false };
    this.#done = repetitions >= this.planned.repeat.count;
    this.#item = this.#now(null);
  }

  /** The next repetition is held up for too long: the one after it is next. */
  repetitionPassed(code: ErrorCode): void {
    this.#passedFor ??= this.#because(code);
    this.repetitionDone();
  }

  /** Stopped after so much more of sound; it may go on if its order says so. */
  interrupted(soundedMs: number, reason: Reason): void {
    const contentMs = Math.max(0, soundedMs - leadOf(this.planned, this.#progress));
    const resumeFromMs = resumeFrom(this.#progress, this.#progress.resumeFromMs + contentMs);
    this.#progress = { ...this.#progress, resumeFromMs, interrupted: true };
    this.#item = this.#now(reason.code);
    this.#waitedFor = reason.other;
    if (this.planned.afterInterruption !== 'resume') this.#end(reason);
  }

  /** It will not begin any more, or is cut off. */
  giveUp(code: ErrorCode): void {
    this.#end(this.#because(code));
  }

  timeline(): ItemTimeline {
    const [first] = this.#ranges;
    return {
      id: this.id,
      ranges: this.#ranges,
      lateMs: first === undefined ? null : Math.max(0, first.startedAt - this.planned.startsAt),
      heldBackBy: this.#heldBackBy,
      reason: this.#reason ?? this.#passedFor,
    };
  }

  #because(code: ErrorCode): Reason {
    const wasInItsWay = code === 'order.queued' || code === 'order.preempted';
    return { code, other: wasInItsWay ? this.#waitedFor : null };
  }

  #end(reason: Reason): void {
    this.#reason = reason;
    this.#done = true;
  }

  #now(blockedBy: ErrorCode | null): Item & { blockedBy: ErrorCode | null } {
    return itemOf(this.planned, this.#progress, { ready: true, trouble: null, fresh: true, blockedBy });
  }
}
