import { Lifecycle, repeat, type Timer } from '#kit';
import {
  arbitrate,
  type CancelOrder,
  type ErrorCode,
  type JournalEntry,
  type JournalFact,
  type PlayOrder,
  type Situation,
  type Verdict,
} from '#protocols';
import { contentOf } from '../inbox/content-of.ts';
import type { OrderTaker } from '../inbox/inbox.ts';
import { factTime } from '../journal/fact-time.ts';
import type { OrderRecord } from '../state/order-store.ts';
import { Account, type AccountCounters } from './account.ts';
import { Endings } from './endings.ts';
import { cancelFact, orderFact } from './facts.ts';
import { historyOf } from './history.ts';
import { lateCode } from './late-code.ts';
import { OpenItems } from './open-items.ts';
import { PlayItem } from './play-item.ts';
import type { PlaybackControlOptions } from './playback-options.ts';
import { ProofRounds } from './proof-rounds.ts';
import { recoverOrders } from './recover-orders.ts';
import { settle } from './settle.ts';
import { situationOf } from './situation.ts';
import { type EndedSounding, type Place, Stage } from './stage.ts';

/** With nothing else to wake it, the situation is looked at this often: clocks may have been set. */
const LOOK_EVERY_MS = 30_000;

/** An emergency that a fault has ended is tried again after this, then after twice as long, and so on. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/**
 * Takes accepted orders to their end: fetches, asks `arbitrate` what sounds, tells the engine, and writes down what
 * happened. One loop decides, so two decisions never cross; what it waits for wakes it again.
 *
 * INVARIANTS
 * - An order is durably "playing" before the output is told of it, so that nothing is ever begun twice.
 * - What an order came to is in the journal before its record says so.
 * - The loop waits for nothing that a refusing disk can hold up for ever: an emergency may come at any moment.
 */
export class PlaybackControl extends Lifecycle implements OrderTaker {
  readonly #options: PlaybackControlOptions;
  readonly #account: Account;
  readonly #items: OpenItems;
  readonly #endings: Endings;
  readonly #stage: Stage;
  readonly #rounds: ProofRounds;
  #timer: Timer | undefined;
  #dirty = false;
  #looking = false;
  #stopping = false;
  #probing = false;

  constructor(options: PlaybackControlOptions) {
    super();
    this.#options = options;
    const account = new Account(options);
    const wake = () => this.poke();
    const items = new OpenItems({ ...options, account, wake });
    this.#account = account;
    this.#items = items;
    this.#endings = new Endings({ ...options, account, items });
    this.#stage = new Stage({
      ...options,
      ...{ account, items, wake },
      isNext: (item, place) => this.#isNext(item, place),
      onUnfit: (item, fact) => this.#endings.end(item, fact),
    });
    this.#rounds = new ProofRounds({ ...options, items });
  }

  /** What sounds now, for the health report. */
  get playing(): { broadcastId: string; positionMs: number } | null {
    const { current } = this.#stage;
    if (current?.started === undefined) return null;
    return { broadcastId: current.item.record.broadcastId, positionMs: current.positionMs };
  }

  /** Ends of orders since the start. */
  get counters(): Readonly<AccountCounters> {
    return this.#account.counters;
  }

  /** Codes of what keeps open orders from being ready. */
  get troubles(): ErrorCode[] {
    return this.#items.troubles;
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
    this.background(this.#lookAll(), (error) => {
      this.#options.log.error('playback control failed', { error });
      this.#lookAgainIn(LOOK_EVERY_MS);
    });
  }

  async play(record: OrderRecord, order: PlayOrder, replaced: readonly OrderRecord[]): Promise<void> {
    const { keeper } = this.#options;
    const item = new PlayItem({ record, order, content: contentOf(order), fresh: true });
    // What it replaces may have begun while it was written to the disk.
    if (!this.makeWay(replaced)) {
      this.#endings.end(
        item,
        orderFact('refused', item, factTime(keeper.time), { code: 'order.already_played' }),
      );
      return;
    }
    this.add(item);
  }

  /** Takes an item in. */
  add(item: PlayItem): void {
    this.#items.add(item);
    this.#options.keeper.sharpen(item.order.startsAt);
    this.poke();
  }

  /** What is on its way, slots and orders. */
  get items(): Iterable<PlayItem> & { readonly hashes: Set<string> } {
    return this.#items;
  }

  /** Another order or slot takes the place of these: nothing of them sounds any more. False, and nothing has changed: one of them does. */
  makeWay(replaced: readonly Pick<OrderRecord, 'orderId' | 'hash'>[]): boolean {
    const items = replaced.flatMap((record) => this.#itemOf(record) ?? []);
    if (items.some((item) => this.#stage.soundingOf(item) !== undefined)) return false;
    for (const item of items) this.#endings.replace(item);
    return true;
  }

  /** The plan does not name a slot any more: it stops, or does not begin. False: it is not on its way. */
  withdraw(record: Pick<OrderRecord, 'orderId' | 'hash'>): boolean {
    const item = this.#itemOf(record);
    if (item === undefined) return false;
    item.cancelledBy = { reason: '', code: 'plan.withdrawn' };
    this.poke();
    return true;
  }

  /** Ends a record that is not on its way, with the fact that says why. */
  endRecord(record: OrderRecord, fact: JournalFact): void {
    this.#account.tellRecordEnd(record, fact);
  }

  /** Hashes of what has ended though its record does not say so yet. */
  get ending(): ReadonlySet<string> {
    return this.#account.ending;
  }

  async cancel(record: OrderRecord, order: CancelOrder): Promise<void> {
    const { orders } = this.#options;
    const plays = orders.ofBroadcast(record.broadcastId).filter(({ kind }) => kind === 'play');
    if (plays.length === 0) {
      // Before the order to play itself came, which will be refused: the account is complete with this.
      this.note(cancelFact(record, order, factTime(this.#options.keeper.time)));
    }
    for (const { orderId, revision } of plays) {
      const item = this.#items.get(orderId);
      if (item !== undefined && revision <= order.revision) item.cancelledBy = order;
    }
    this.poke();
  }

  /** Writes a fact that belongs to no order on its way, however long the disk refuses it. */
  note(fact: JournalFact): void {
    this.#account.note(fact);
  }

  protected override async onStart(): Promise<void> {
    const { clock, keeper, position, log } = this.#options;
    this.#stopping = false;
    await this.#account.start();
    this.disposers.defer('the position file', () => position.close());
    this.disposers.defer('entries', () => this.#account.stop());
    await this.#items.start();
    await this.#stage.start();
    await this.#rounds.start();
    this.disposers.defer('plays', () => this.#stopAll());
    await this.#recoverAll();
    const tick = repeat(
      clock,
      'position',
      this.#options.positionEveryMs,
      () => this.#stage.notePosition(),
      (error) => log.warn('the position could not be written', { error }),
    );
    this.disposers.defer('the position timer', () => tick.cancel());
    this.disposers.defer('the timer', () => this.#timer?.cancel());
    this.disposers.defer(
      'time changes',
      keeper.time.onChange(() => this.poke()),
    );
    // Looks once `start` is through.
    this.#lookAgainIn(0);
  }

  #itemOf({ orderId, hash }: Pick<OrderRecord, 'orderId' | 'hash'>): PlayItem | undefined {
    const item = this.#items.get(orderId);
    return item?.record.hash === hash ? item : undefined;
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
    const ended = this.#stage.takeEnded();
    if (ended !== undefined) this.#settle(ended);
    this.#cancelMarked();
    this.#probe();
    this.#rounds.look(this.#options.keeper.time.now().instant);
    const situation = this.#situation();
    const verdict = arbitrate(situation);
    for (const item of this.#items) item.blockedBy = verdict.blocked.get(item.id) ?? null;
    for (const { id, code } of verdict.over) {
      const item = this.#items.get(id);
      if (item !== undefined)
        this.#endings.giveUp(item, lateCode(code, item.order, this.#options.keeper.time));
    }
    for (const { id, code } of verdict.passed) {
      const item = this.#items.get(id);
      if (item !== undefined) this.#endings.pass(item, code);
      this.#dirty = true;
    }
    const { current } = this.#stage;
    if (current !== undefined && verdict.stop !== null) this.#stage.halt(verdict.stop);
    if (verdict.stopVoice !== null) this.#stage.halt(verdict.stopVoice, 'voice');
    const next = verdict.sound === null ? undefined : this.#items.get(verdict.sound);
    if (next?.emergency && next !== this.#stage.current?.item) this.#stage.makeRoom();
    if (this.#stage.current === undefined && next !== undefined) await this.#begin(next, 'main');
    const voice = verdict.voice === null ? undefined : this.#items.get(verdict.voice);
    if (this.#stage.voice === undefined && voice !== undefined) await this.#begin(voice, 'voice');
    this.#arm(situation, verdict);
  }

  /** Asks the disk in the background whether it takes the journal again. */
  #probe(): void {
    const { journal, log } = this.#options;
    if (journal.failure === undefined || this.#probing) return;
    this.#probing = true;
    const probed = journal.probe().then(() => {
      this.#probing = false;
      if (journal.failure === undefined) this.poke();
    });
    this.background(probed, (error) => log.error('the journal cannot be probed', { error }));
  }

  #isNext(item: PlayItem, place: Place): boolean {
    const { sound, voice } = arbitrate(this.#situation());
    return (place === 'main' ? sound : voice) === item.id;
  }

  async #begin(item: PlayItem, place: Place): Promise<void> {
    const { keeper, latches, orders } = this.#options;
    const others = orders
      .ofBroadcast(item.record.broadcastId)
      .filter(({ hash }) => hash !== item.record.hash);
    if (item.plays === 0 && others.some(({ plays, phase }) => plays > 0 || phase === 'playing')) {
      this.#endings.end(
        item,
        orderFact('refused', item, factTime(keeper.time), { code: 'order.already_played' }),
      );
      this.poke();
      return;
    }
    item.passes = latches().find((id) => item.order.releases.includes(id)) ?? null;
    await this.#stage.begin(item, () => this.#situation(), place);
  }

  #situation(): Situation {
    const { clock, keeper, assignments, journal, orders, latches } = this.#options;
    const current = this.#stage.current?.item;
    const atMs = clock.monotonic();
    // What is fading out neither sounds nor waits: its end will wake us, and says where it stands. Nor does what a fault has just ended.
    const items = [...this.#items].filter((item) => !this.#stage.isLeaving(item) && item.retryAtMs <= atMs);
    return situationOf(items, {
      time: keeper.time,
      assignment: assignments.held?.assignment,
      journalOk: journal.failure === undefined,
      current: current?.id ?? null,
      voice: this.#stage.voice?.item.id ?? null,
      latches: latches(),
      history: () =>
        historyOf(this.#told(), (hash) => orders.byHash(hash), {
          now: keeper.time.now().instant,
          sounding: this.#stage.audible,
        }),
    });
  }

  /** What was told, durably or not yet, in the order in which it happened. */
  *#told(): Generator<Pick<JournalEntry, 'kind' | 'at' | 'orderHash' | 'play'>> {
    yield* this.#options.journal.entries();
    yield* this.#account.untold;
  }

  #arm(situation: Situation, verdict: Verdict): void {
    this.#timer?.cancel();
    const nextMs = (verdict.nextAt ?? Number.POSITIVE_INFINITY) - situation.now;
    const atMs = this.#options.clock.monotonic();
    const retriesMs = [...this.#items].map(({ retryAtMs }) => retryAtMs - atMs).filter((ms) => ms > 0);
    const waitMs = Math.min(LOOK_EVERY_MS, nextMs, ...retriesMs);
    const anything = this.#items.size > 0 || !situation.journalOk;
    if (anything) this.#lookAgainIn(waitMs);
  }

  #lookAgainIn(waitMs: number): void {
    this.#timer?.cancel();
    if (!this.#stopping)
      this.#timer = this.#options.clock.setTimer('playback look', waitMs, () => this.poke());
  }

  #cancelMarked(): void {
    for (const item of this.#items) {
      if (item.cancelledBy === null) continue;
      if (this.#stage.soundingOf(item) !== undefined)
        this.#stage.haltItem(item, item.cancelledBy.code ?? 'order.cancelled');
      else if (item.cancelledBy.code === 'plan.withdrawn') this.#endings.withdrawUnheard(item);
      else {
        const time = factTime(this.#options.keeper.time);
        const detail = item.cancelledBy.reason;
        this.#endings.end(item, orderFact('cancelled', item, time, { code: 'order.cancelled', detail }));
      }
    }
  }

  /** What a play came to: into the journal, and on with the item or away with it. */
  #settle({ sounding: { item, fromMs, endsAt, stopCode }, outcome }: EndedSounding): void {
    const { clock, engine, keeper, log } = this.#options;
    log.info('ended', { orderId: item.id, play: item.plays, outcome: outcome.kind, stopCode });
    const time = factTime(keeper.time);
    const settlement = settle(item, { outcome, fromMs, endsAt, stopCode }, engine.output, time);
    if (item.failures > 0 && outcome.kind === 'failed')
      item.retryAtMs = clock.monotonic() + Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (item.failures - 1));
    if (settlement.kind === 'reopen') this.#account.writeSoon(item);
    else if (settlement.kind === 'give-up' && settlement.code === 'order.too_late' && item.item().more)
      this.#endings.pass(item, settlement.code);
    else if (settlement.kind === 'give-up') this.#endings.giveUp(item, settlement.code);
    else if (item.phase === 'done') this.#endings.end(item, settlement.fact);
    else this.#account.tell(item, settlement.fact);
    this.#options.onChange();
  }

  async #stopAll(): Promise<void> {
    this.#stopping = true;
    for (const ended of await this.#stage.closeDown()) this.#settle(ended);
    await this.#items.stop();
    await this.#rounds.stop();
    await this.#stage.stop();
  }

  async #recoverAll(): Promise<void> {
    const { orders, journal, keys, position, engine, keeper, slots, log } = this.#options;
    const recovered = await recoverOrders({
      ...{ orders, slots },
      entries: [...journal.entries()],
      positions: await position.loadAll(),
      keys: keys.ring,
      time: keeper.time,
      output: engine.output,
      log,
      note: (fact) => this.note(fact),
    });
    for (const { item, fact } of recovered) {
      if (fact !== null && item.phase === 'done') {
        this.#endings.end(item, fact);
        continue;
      }
      if (fact !== null) this.#account.tell(item, fact);
      this.#items.add(item);
    }
  }
}
