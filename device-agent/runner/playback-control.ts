import { type Clock, Lifecycle, repeat, type Timer } from '#kit';
import type { CancelOrder, ErrorCode, JournalFact, PlayOrder, Progress } from '#protocols';
import type { ContentCache, ContentOrigin } from '../cache/content-cache.ts';
import type { TimeKeeper } from '../clock/index.ts';
import type { OrderTaker } from '../inbox/inbox.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { PlaybackEngine, PlayOutcome, PlayRequest, PlayStarted } from '../playback/index.ts';
import { arbitrate, type Situation, type Verdict } from '../playback-control/arbitrate.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { KeyStore } from '../state/key-store.ts';
import type { OrderRecord, OrderStore } from '../state/order-store.ts';
import { Account, type AccountCounters } from './account.ts';
import { cancelFact, orderFact, startedFact } from './facts.ts';
import { PlayItem } from './play-item.ts';
import type { PositionFile } from './position-file.ts';
import { prefetch } from './prefetch.ts';
import { fileContentOf, recoverOrders } from './recover-orders.ts';
import { reopen, settle } from './settle.ts';
import { playRequest, situationOf } from './situation.ts';
import { progressOf, Sounding, storedPosition } from './sounding.ts';

/** With nothing else to wake it, the situation is looked at this often: clocks may have been set. */
const LOOK_EVERY_MS = 30_000;

/** Content that cannot come is told as `failed`; what merely has not come is `missed`. */
const FAILURES: readonly ErrorCode[] = ['cache.disk_full', 'cache.too_large', 'cache.hash_mismatch'];

export interface PlaybackControlOptions {
  readonly clock: Clock;
  readonly keeper: TimeKeeper;
  readonly engine: PlaybackEngine;
  readonly cache: ContentCache;
  readonly orders: OrderStore;
  readonly journal: Journal;
  readonly assignments: AssignmentStore;
  readonly keys: KeyStore;
  readonly position: PositionFile;
  readonly origin: ContentOrigin;
  readonly log: Log;
  readonly random: () => number;
  /** How often the position of the play under way is written down. */
  readonly positionEveryMs: number;
  /** For the eye; may be lost. */
  readonly onProgress: (progress: Progress) => void;
  /** Something that health tells has changed. */
  readonly onChange: () => void;
}

/**
 * Takes accepted orders to their end: fetches, asks `arbitrate` what sounds, tells the engine, and writes down what
 * happened. One loop decides, so two decisions never cross; what it waits for wakes it again.
 *
 * INVARIANTS
 * - An order is durably "playing" before the output is told of it, so that nothing is ever begun twice.
 * - What an order came to is in the journal before its record says so.
 */
export class PlaybackControl extends Lifecycle implements OrderTaker {
  readonly #options: PlaybackControlOptions;
  readonly #items = new Map<string, PlayItem>();
  readonly #account: Account;
  #current: Sounding | undefined;
  #timer: Timer | undefined;
  #dirty = false;
  #looking = false;
  #stopping = false;

  constructor(options: PlaybackControlOptions) {
    super();
    this.#options = options;
    this.#account = new Account(options);
  }

  /** What sounds now, for the health report. */
  get playing(): { broadcastId: string; positionMs: number } | null {
    const current = this.#current;
    if (current?.started === undefined) return null;
    return { broadcastId: current.item.record.broadcastId, positionMs: current.positionMs };
  }

  /** Ends of orders since the start. */
  get counters(): Readonly<AccountCounters> {
    return this.#account.counters;
  }

  /** Codes of what keeps open orders from being ready. */
  get troubles(): ErrorCode[] {
    return [...this.#items.values()].flatMap(({ trouble }) => (trouble === null ? [] : [trouble]));
  }

  /** Orders on their way. */
  get open(): number {
    return this.#items.size;
  }

  /** Something that decides what sounds has changed: assignment, trust in time. */
  poke(): void {
    if (!this.running && !this.#looking) return;
    this.#dirty = true;
    if (this.#looking || this.#stopping) return;
    this.#looking = true;
    this.background(this.#lookAll(), (error) =>
      this.#options.log.error('playback control failed', { error }),
    );
  }

  async play(record: OrderRecord, order: PlayOrder, replaced: readonly OrderRecord[]): Promise<void> {
    for (const { orderId } of replaced) {
      this.#drop(this.#items.get(orderId));
      await this.#options.orders.update(orderId, { phase: 'done' });
    }
    this.#add(record, order);
    this.#options.keeper.sharpen(order.startsAt);
    this.poke();
  }

  async cancel(record: OrderRecord, order: CancelOrder): Promise<void> {
    const { orders } = this.#options;
    const plays = orders.ofBroadcast(record.broadcastId).filter(({ kind }) => kind === 'play');
    if (plays.length === 0) {
      // Before the order to play itself came, which will be refused: the account is complete with this.
      this.#account.note(cancelFact(record, order, factTime(this.#options.keeper.time)));
    }
    for (const { orderId, revision } of plays) {
      const item = this.#items.get(orderId);
      if (item !== undefined && revision <= order.revision) item.cancelledBy = order;
    }
    this.poke();
  }

  protected override async onStart(): Promise<void> {
    const { clock, keeper, position, log } = this.#options;
    this.#stopping = false;
    await this.#account.start();
    this.disposers.defer('the position file', () => position.close());
    this.disposers.defer('entries', () => this.#account.stop());
    this.disposers.defer('plays', () => this.#stopAll());
    await this.#recoverAll();
    const tick = repeat(
      clock,
      'position',
      this.#options.positionEveryMs,
      () => this.#tick(),
      (error) => log.warn('the position could not be written', { error }),
    );
    this.disposers.defer('the position timer', () => tick.cancel());
    this.disposers.defer('the timer', () => this.#timer?.cancel());
    this.disposers.defer(
      'time changes',
      keeper.time.onChange(() => this.poke()),
    );
    // Looks once `start` is through.
    this.#timer = clock.setTimer('playback look', 0, () => this.poke());
  }

  #add(record: OrderRecord, order: PlayOrder): void {
    const content = fileContentOf(order);
    const heardAtMs = this.#options.clock.monotonic();
    const item = new PlayItem({ record, order, content, fresh: true, heardAtMs });
    this.#items.set(item.id, item);
    this.#fetch(item);
    this.#options.onChange();
  }

  #drop(item: PlayItem | undefined): void {
    if (item === undefined) return;
    item.abort.abort(new Error('no longer needed'));
    this.#items.delete(item.id);
    this.#options.onChange();
  }

  #fetch(item: PlayItem): void {
    const untilStartMs = item.plannedAt - this.#options.keeper.time.now().instant;
    const work = prefetch(item, untilStartMs, {
      ...this.#options,
      onProgress: (_, fraction) => this.#progress(item, 'downloading', fraction),
      onChange: () => {
        if (item.fetched) this.#contentHere(item);
        this.#options.onChange();
        this.poke();
      },
    });
    const { log } = this.#options;
    this.background(work, (error) => log.error('content cannot be fetched', { orderId: item.id, error }));
  }

  #contentHere(item: PlayItem): void {
    this.#progress(item, 'ready', 1);
    if (item.ready) return;
    item.ready = true;
    this.#account.tell(item, orderFact('ready', item, factTime(this.#options.keeper.time)));
  }

  async #lookAll(): Promise<void> {
    try {
      while (this.#dirty && !this.#stopping) {
        this.#dirty = false;
        await this.#look();
      }
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    if (this.#current?.outcome !== undefined) this.#settle(this.#current, this.#current.outcome);
    this.#cancelMarked();
    const { journal } = this.#options;
    if (journal.failure !== undefined) await journal.probe();
    const situation = this.#situation();
    const verdict = arbitrate(situation);
    for (const item of this.#items.values()) item.blockedBy = verdict.blocked.get(item.id) ?? null;
    for (const { id, code } of verdict.over) this.#giveUp(this.#items.get(id), code);
    const current = this.#current;
    if (current !== undefined && verdict.stop !== null) this.#halt(current, verdict.stop);
    const next = verdict.sound === null ? undefined : this.#items.get(verdict.sound);
    if (current === undefined && next !== undefined) await this.#begin(next, situation);
    this.#arm(situation, verdict);
  }

  #situation(): Situation {
    const { clock, keeper, assignments, journal } = this.#options;
    return situationOf(this.#items.values(), {
      time: keeper.time,
      atMs: clock.monotonic(),
      assignment: assignments.held?.assignment,
      journalOk: journal.failure === undefined,
      current: this.#current?.item.id ?? null,
    });
  }

  #arm(situation: Situation, verdict: Verdict): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    const waitMs = Math.min(LOOK_EVERY_MS, (verdict.nextAt ?? Number.POSITIVE_INFINITY) - situation.now);
    const anything = situation.items.length > 0 || !situation.journalOk;
    if (anything) this.#timer = clock.setTimer('playback look', waitMs, () => this.poke());
  }

  /** Checks the bytes once more, writes down that it begins, and hands it to the engine. */
  async #begin(item: PlayItem, situation: Situation): Promise<void> {
    const { assignments, cache, engine, keeper, log } = this.#options;
    if (!(await cache.verify(item.content))) {
      item.fetched = false;
      this.#fetch(item);
      return;
    }
    if (!item.emergency) await this.#account.told();
    const volume = assignments.held?.assignment.volume;
    const request = playRequest(item, situation, cache.pathOf(item.content.sha256), volume);
    if (!(await this.#writtenDown(item, request))) return;
    if (this.#stopping) {
      reopen(item);
      await this.#account.write(item);
      return;
    }
    const current = new Sounding({
      item,
      request,
      engine,
      time: keeper.time,
      onStarted: (started) => this.#started(current, started),
      onPosition: () => this.#options.onProgress(current.progress()),
    });
    this.#current = current;
    this.background(
      current.done.then(() => this.poke()),
      (error) => log.error('a play ended oddly', { error }),
    );
    const inMs = Math.round(request.startAt - keeper.time.now().instant);
    log.info('to be played', { orderId: item.id, play: item.plays, inMs });
  }

  /** Durably "playing", before anybody can hear it. False: the disk refused, and it is no emergency. */
  async #writtenDown(item: PlayItem, request: PlayRequest): Promise<boolean> {
    const { keeper, position, log } = this.#options;
    item.phase = 'playing';
    item.plays += 1;
    try {
      await this.#account.write(item);
      await position.write(storedPosition(item, request, keeper.time, false, item.resumeFromMs));
    } catch (error) {
      log.error('the disk refuses what is to be played', { orderId: item.id, error });
      if (item.emergency) return true;
      reopen(item);
      this.#account.writeSoon(item);
      return false;
    }
    return true;
  }

  #started(current: Sounding, started: PlayStarted): void {
    const { item, fromMs } = current;
    const { engine, keeper } = this.#options;
    const time = factTime(keeper.time, started.realAt);
    this.#account.tell(item, startedFact(item, started, fromMs, engine.output, time), () => {
      if (!item.emergency) this.#halt(current, 'storage.disk_full');
    });
    this.#options.onProgress(current.progress());
    this.#options.onChange();
  }

  #halt(current: Sounding, code: ErrorCode): void {
    this.background(
      current.stop(code).then(() => undefined),
      () => undefined,
    );
  }

  #cancelMarked(): void {
    for (const item of [...this.#items.values()]) {
      if (item.cancelledBy === null) continue;
      if (this.#current?.item === item) this.#halt(this.#current, 'order.cancelled');
      else {
        item.phase = 'done';
        const time = factTime(this.#options.keeper.time);
        const detail = item.cancelledBy.reason;
        this.#end(item, orderFact('cancelled', item, time, { code: 'order.cancelled', detail }));
      }
    }
  }

  /** What a play came to: into the journal, and on with the item or away with it. */
  #settle(current: Sounding, outcome: PlayOutcome): void {
    this.#current = undefined;
    const { item, fromMs, stopCode } = current;
    const { engine, keeper, log } = this.#options;
    log.info('ended', { orderId: item.id, play: item.plays, outcome: outcome.kind, stopCode });
    const time = factTime(keeper.time);
    const settlement = settle(item, { outcome, fromMs, stopCode }, engine.output, time);
    if (settlement.kind === 'reopen') this.#account.writeSoon(item);
    else if (settlement.kind === 'give-up') this.#giveUp(item, settlement.code);
    else if (item.phase === 'done') this.#end(item, settlement.fact);
    else this.#account.tell(item, settlement.fact);
    this.#options.onChange();
  }

  /** It will not begin any more. What has sounded of it before is told already. */
  #giveUp(item: PlayItem | undefined, code: ErrorCode): void {
    if (item === undefined) return;
    item.phase = 'done';
    if (item.plays > 0) {
      this.#options.log.info('not gone on with', { orderId: item.id, code, repetitions: item.repetitions });
      this.#drop(item);
      this.#account.writeSoon(item);
      return;
    }
    const kind = FAILURES.includes(code) ? 'failed' : 'missed';
    const { plannedAt } = item;
    this.#end(item, orderFact(kind, item, factTime(this.#options.keeper.time), { code, plannedAt }));
  }

  /** Tells the fact that ends an order, and forgets the item. */
  #end(item: PlayItem, fact: JournalFact): void {
    this.#drop(item);
    this.#account.tellEnd(item, fact);
  }

  #progress(item: PlayItem, phase: Progress['phase'], fraction: number): void {
    this.#options.onProgress(progressOf(item, phase, fraction, this.#options.keeper.time));
  }

  async #tick(): Promise<void> {
    const current = this.#current;
    if (current !== undefined && current.outcome === undefined)
      await this.#options.position.write(current.stored());
  }

  async #stopAll(): Promise<void> {
    this.#stopping = true;
    for (const { abort } of this.#items.values()) abort.abort(new Error('the agent is stopping'));
    const current = this.#current;
    if (current !== undefined) {
      this.#settle(current, await current.stop(null));
    }
    this.#items.clear();
  }

  async #recoverAll(): Promise<void> {
    const { clock, orders, journal, keys, position, engine, keeper, log } = this.#options;
    const recovered = await recoverOrders({
      orders,
      entries: [...journal.entries()],
      position: await position.load(),
      keys: keys.ring,
      time: keeper.time,
      output: engine.output,
      heardAtMs: clock.monotonic(),
      log,
    });
    for (const { item, fact } of recovered) {
      if (fact !== null) this.#end(item, fact);
      else {
        this.#items.set(item.id, item);
        this.#fetch(item);
      }
    }
  }
}
