import { type Clock, Exclusive, Lifecycle, type Timer } from '#kit';
import {
  type Assignment,
  type ErrorCode,
  isDomainError,
  type JournalFact,
  type PlayOrder,
  type StoredMessage,
  sureOf,
  targetsInclude,
} from '#protocols';
import type { Downloads, WantedFile } from '../cache/downloads.ts';
import type { TrustedTime } from '../clock/index.ts';
import { contentOf, filesOf, isPlayableKind } from '../inbox/content-of.ts';
import { checkSlot } from '../inbox/decide.ts';
import { drillMark, playOrderOf } from '../inbox/payload.ts';
import { soundedShare } from '../inbox/sounded-share.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import { lateCode } from '../runner/late-code.ts';
import { PlayItem } from '../runner/play-item.ts';
import type { PlaybackControl } from '../runner/playback-control.ts';
import type { SlotBook } from '../runner/recover-orders.ts';
import type { OrderRecord, OrderStore } from '../state/order-store.ts';
import type { SlotInForce } from './held-plan.ts';
import type { PlanKeeper } from './plan-keeper.ts';
import { nextSlotAt, type PlanStep, reconcile } from './reconcile.ts';

/** With nothing else to wake it, the plan is looked at this often: clocks may have been set. */
const LOOK_EVERY_MS = 3_600_000;

/** Keeps messages decoded, so that they sound without the network. */
export interface MessageKeeper {
  keep(messages: readonly StoredMessage[]): void;
}

export interface PlanRunnerOptions {
  readonly speakerId: string;
  readonly plan: PlanKeeper;
  readonly control: PlaybackControl;
  readonly slots: SlotBook;
  readonly orders: OrderStore;
  readonly journal: Journal;
  readonly downloads: Downloads;
  readonly messages: MessageKeeper;
  readonly assignment: () => Assignment | undefined;
  readonly time: TrustedTime;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Turns the slots of the plan into items as their time comes near, takes back what is not planned any more, and has the
 * audio fetched ahead. One at a time; whatever changes wakes it again.
 */
export class PlanRunner extends Lifecycle {
  readonly #options: PlanRunnerOptions;
  readonly #one = new Exclusive();
  #timer: Timer | undefined;
  #waiting = false;
  #stored = '';
  #trusted = false;

  constructor(options: PlanRunnerOptions) {
    super();
    this.#options = options;
  }

  /** Plan, assignment, or trust in time have changed. */
  poke(): void {
    if (!this.running || this.#waiting) return;
    this.#waiting = true;
    const work = this.#one.run(() => {
      this.#waiting = false;
      return this.#look();
    });
    this.background(work, (error) => this.#options.log.error('the plan cannot be looked at', { error }));
  }

  protected override async onStart(): Promise<void> {
    const { plan, time } = this.#options;
    this.disposers.defer(
      'plan changes',
      plan.onChange(() => this.poke()),
    );
    this.disposers.defer(
      'time changes',
      time.onChange(() => {
        const trusted = time.now().trust === 'trusted';
        if (trusted !== this.#trusted) this.poke();
        this.#trusted = trusted;
      }),
    );
    this.disposers.defer('the plan timer', () => this.#timer?.cancel());
    this.#armIn(0);
  }

  #armIn(waitMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer('plan look', waitMs, () => this.poke());
  }

  async #look(): Promise<void> {
    const { plan, control, slots, messages, log } = this.#options;
    const { stored } = plan;
    const text = JSON.stringify(stored);
    if (text !== this.#stored) messages.keep(stored);
    this.#stored = text;
    for (const item of control.items)
      if (item.isSlot) item.plannedUntil = slots.plannedUntil({ ...item.record, plays: item.plays }) ?? 0;
    const steps = reconcile(this.#facts());
    for (const step of steps) {
      if (!this.running) return;
      try {
        this.#carryOut(step);
      } catch (error) {
        if (!isDomainError(error)) throw error;
        log.error('a slot cannot be taken', { step: step.kind, error });
      }
    }
    this.#wantFiles();
    control.poke();
    const nextAt = nextSlotAt(plan.slots, this.#now());
    const waitMs = nextAt === null ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, nextAt - this.#now() + 1);
    if (this.running) this.#armIn(waitMs);
  }

  #facts(): Parameters<typeof reconcile>[0] {
    const { speakerId, plan, control, orders, journal, assignment, time } = this.#options;
    const begun = [...journal.entries()].flatMap(({ kind, broadcastId }) =>
      kind === 'started' && broadcastId !== undefined ? [broadcastId] : [],
    );
    return {
      now: this.#now(),
      trusted: time.now().trust === 'trusted',
      speakerId,
      areas: assignment()?.areas ?? [],
      slots: plan.slots,
      unsure: plan.unsure,
      records: orders
        .all()
        .map((record) => (control.ending.has(record.hash) ? { ...record, phase: 'done' } : record)),
      underWay: control.items.hashes,
      begun: new Set(begun),
      refusal: ({ order }) => this.#refusal(order),
    };
  }

  /** Without trusted time: the newest instant that is certainly not in the future. */
  #now(): number {
    const { time } = this.#options;
    const { instant: now, trust } = time.now();
    return sureOf({ now, trust, notBefore: time.notBefore() });
  }

  #refusal(order: PlayOrder): ErrorCode | null {
    try {
      checkSlot(order, (broadcastId) => this.#soundedShare(broadcastId));
      return null;
    } catch (error) {
      if (isDomainError(error)) return error.code;
      throw error;
    }
  }

  #soundedShare(broadcastId: string): number {
    const { orders, journal } = this.#options;
    const record = orders.ofBroadcast(broadcastId).find(({ kind }) => kind === 'play');
    const content = record && playOrderOf(record).content;
    const durationMs = content !== undefined && 'durationMs' in content ? content.durationMs : 0;
    return soundedShare(journal.entries(), broadcastId, durationMs);
  }

  /** In memory, and never waiting for the disk: what a plan takes back must not sound on because another slot is being written. */
  #carryOut(step: PlanStep): void {
    const { control, log } = this.#options;
    switch (step.kind) {
      case 'take':
        this.#take(step.slot, step.replaces);
        return;
      case 'resume':
        control.add(this.#itemOf(step.record, step.slot.order, step.slot.validUntil));
        return;
      case 'miss':
      case 'refuse': {
        const { slot, code } = step;
        if (!control.makeWay(step.replaces)) return;
        const record = this.#options.orders.byHash(slot.hash) ?? this.#record(slot);
        log.info('a slot is not played', { orderId: record.orderId, code });
        control.endRecord(record, {
          ...this.#fact(record, step.kind === 'miss' ? 'missed' : 'refused'),
          code: lateCode(code, slot.order, this.#options.time),
        });
        return;
      }
      case 'withdraw':
        if (!control.withdraw(step.record)) this.#withdraw(step.record);
        return;
      case 'lapse':
        control.endRecord(step.record, {
          ...this.#fact(step.record, 'missed'),
          code: 'cache.unreachable',
        });
        return;
      default:
        step satisfies never;
    }
  }

  #take(slot: SlotInForce, replaces: readonly OrderRecord[]): void {
    const { control, orders } = this.#options;
    // Something of it may have begun meanwhile.
    const begun = orders
      .ofBroadcast(slot.order.broadcastId)
      .some(({ plays, phase }) => plays > 0 || phase === 'playing');
    if (begun || !control.makeWay(replaces)) return;
    const record = this.#record(slot);
    control.add(this.#itemOf(record, slot.order, slot.validUntil));
  }

  /** Remembers a slot: in memory, and on the disk as soon as it takes it. Nothing sounds before its record is there. */
  #record({ line, hash, order, scope }: SlotInForce): OrderRecord {
    const { id: orderId, broadcastId, revision, expiresAt } = order;
    const acceptedAt = factTime(this.#options.time).at;
    const { record, stored } = this.#options.orders.enter(
      {
        ...{ document: line, hash, kind: 'play', orderId, broadcastId, revision, acceptedAt, expiresAt },
        ...{ origin: 'plan', scope },
      },
      true,
    );
    this.background(stored, (error) =>
      this.#options.log.error('a slot cannot be stored', { orderId, error }),
    );
    return record;
  }

  /** Takes back a record that is not on its way. */
  #withdraw(record: OrderRecord): void {
    const { control, orders, log } = this.#options;
    if (record.ready || record.plays > 0)
      control.endRecord(record, { ...this.#fact(record, 'cancelled'), code: 'plan.withdrawn' });
    else
      this.background(orders.forget(record), (error) =>
        log.error('a slot could not be forgotten', { error }),
      );
  }

  #fact(record: OrderRecord, kind: 'missed' | 'refused' | 'cancelled'): JournalFact {
    const { orderId, hash: orderHash, broadcastId } = record;
    const order = playOrderOf(record);
    const { startsAt: plannedAt, content } = order;
    const file = 'sha256' in content ? { contentSha256: content.sha256 } : {};
    return {
      ...{ kind, ...factTime(this.#options.time), orderId, orderHash, broadcastId, ...file },
      ...drillMark(order),
      ...(kind === 'missed' ? { plannedAt } : {}),
    };
  }

  #itemOf(record: OrderRecord, order: PlayOrder, plannedUntil: number): PlayItem {
    const { slots } = this.#options;
    const content = contentOf(order);
    return new PlayItem({
      ...{ record, order, content, fresh: false },
      ...{ proveSlot: slots.proveSlot, plannedUntil },
    });
  }

  /** The audio of every slot that is still to come. */
  #wantFiles(): void {
    const { plan, orders, downloads, speakerId, assignment } = this.#options;
    const areas = assignment()?.areas ?? [];
    const now = this.#now();
    const wanted = plan.slots.flatMap(({ order, hash }): WantedFile[] => {
      if (now >= order.expiresAt || !targetsInclude(order.targets, speakerId, areas)) return [];
      if (!isPlayableKind(order.content.kind) || orders.byHash(hash)?.phase === 'done') return [];
      const emergency = order.priority === 'emergency';
      return filesOf(contentOf(order)).map((content) => ({ content, neededAt: order.startsAt, emergency }));
    });
    downloads.want(wanted);
  }
}
