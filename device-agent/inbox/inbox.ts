import { type Clock, Exclusive, type Milliseconds } from '#kit';
import {
  type Answer,
  type CancelOrder,
  cancelOrderCodec,
  DomainError,
  type ErrorCode,
  isDomainError,
  type JournalFact,
  type OrderHeader,
  orderHeaderCodec,
  type PlayOrder,
  playOrderCodec,
  sha256,
  type VerifiedDocument,
} from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Journal } from '../journal/journal.ts';
import { errorText, type Log } from '../log.ts';
import type { AssignmentIntake } from '../state/assignment-intake.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { EnteredOrder, OrderRecord, OrderStore } from '../state/order-store.ts';
import { DISK_PATIENCE_MS, waitAtMost } from '../state/patience.ts';
import type { Prover } from '../state/prover.ts';
import { checkHeader, checkPlay, leavesOut, type OrderFacts } from './decide.ts';
import { drillMark, looseOrderOf, playOrderOf } from './payload.ts';
import { hasBegun, soundedShare } from './sounded-share.ts';

/** Refusals remembered, so that a copy gets the same answer and no second journal entry. */
const REFUSALS_KEPT = 500;

/** An order that would be refused or left out waits so long at most for an assignment that came before it: its key may have to be asked for, on a slow line. */
const ASSIGNMENT_PATIENCE_MS: Milliseconds = 15_000;

/** What the inbox hands accepted orders to. */
export interface OrderTaker {
  /** An order to play was accepted; `replaced` are orders of the same broadcast that it takes the place of. */
  play(record: OrderRecord, order: PlayOrder, replaced: readonly OrderRecord[]): Promise<void>;
  cancel(record: OrderRecord, order: CancelOrder): Promise<void>;
  /** Puts a fact into the journal, however long the disk refuses it. */
  note(fact: JournalFact): void;
}

export interface InboxOptions {
  readonly speakerId: string;
  readonly time: TrustedTime;
  readonly clock: Clock;
  readonly prover: Prover;
  readonly assignments: AssignmentStore;
  /** Assignments on their way. */
  readonly assigning: Pick<AssignmentIntake, 'coming'>;
  readonly orders: OrderStore;
  readonly journal: Journal;
  readonly taker: OrderTaker;
  readonly log: Log;
  /** Sends an answer if there is a connection; answers that matter are sent again after the next hello. */
  readonly answer: (answer: Answer) => void;
}

/** What came in, by what became of it. */
export interface InboxCounters {
  accepted: number;
  repeated: number;
  leftOut: number;
  /** By code; those that could not be attributed to an order too. */
  readonly refused: Map<string, number>;
}

/** A refusal as what became of an order. Throws what is not one. */
function refusalIn(error: unknown): DomainError {
  if (isDomainError(error)) return error;
  throw error;
}

/** A message that waits for the disk while others go on. */
interface Waiting {
  readonly until: Promise<void>;
  /** What is to be done with it then, in turn. */
  readonly goOn: () => Promise<Waiting | undefined>;
}

/**
 * Takes orders in: proves, judges, stores, answers, in this order. One is judged at a time; nothing that waits for network or disk keeps
 * another waiting, unless both are of one broadcast. What an assignment that is on its way may allow is judged again when it is there. An
 * order that is known by its exact bytes gets the same answer again and nothing else happens. Emergencies and cancels hold in memory at
 * once, and wait for the disk 50 ms at most; all else is durable before it is answered.
 */
export class Inbox {
  readonly counters: InboxCounters = { accepted: 0, repeated: 0, leftOut: 0, refused: new Map() };
  readonly #options: InboxOptions;
  readonly #one = new Exclusive();
  readonly #refusals = new Map<string, Answer>();
  /** Orders on their way to the disk, by broadcast. */
  readonly #unstored = new Map<string, { readonly hash: string; readonly over: Promise<void> }>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Takes one message. Never rejects: what is wrong with it is answered, counted and logged. */
  async receive(source: 'own' | 'area', payload: Uint8Array): Promise<void> {
    const { prover, log } = this.#options;
    const text = Buffer.from(payload).toString('latin1');
    const take = () => this.#one.run(() => this.#receive(source, text));
    try {
      let waiting = await prover.taking(take);
      while (waiting !== undefined) {
        await waiting.until;
        waiting = await this.#one.run(waiting.goOn);
      }
    } catch (error) {
      if (isDomainError(error)) {
        this.#count(error.code);
        log.warn('a message was refused', { code: error.code, reason: errorText(error) });
      }
      // Not the message's fault: the disk, most likely. The controller sends it again.
      else log.error('an order could not be taken', { error });
    }
  }

  /** Answers for all orders that are still to be done: for a controller that may not have had them. */
  openAnswers(): Answer[] {
    const open = this.#options.orders
      .all()
      .filter(({ phase, origin }) => phase !== 'done' && origin === 'order')
      .filter(({ broadcastId, hash }) => this.#unstored.get(broadcastId)?.hash !== hash);
    return open.map((record) => this.#accepted(record));
  }

  /** Throws a `DomainError` for a message that is not proved. `last`: a refusal is the end, whatever is on its way. */
  async #receive(source: 'own' | 'area', text: string, last = false): Promise<Waiting | undefined> {
    const { orders, prover, answer, assigning } = this.#options;
    const after = (until: Promise<void>, isLast = last): Waiting => ({
      ...{ until, goOn: () => this.#receive(source, text, isLast) },
    });
    const hash = sha256(text);
    const known = orders.byHash(hash);
    const under = known && this.#unstored.get(known.broadcastId);
    if (under?.hash === hash) return after(under.over);
    const again = known === undefined ? this.#refusals.get(hash) : this.#accepted(known);
    if (again !== undefined) {
      this.counters.repeated += 1;
      answer(again);
      return undefined;
    }
    const verified = await prover.prove('order', text);
    const coming = last ? undefined : assigning.coming;
    const outcome = await this.#judge(source, text, verified, after).catch(refusalIn);
    const refused = isDomainError(outcome);
    if (!refused && outcome !== 'left out') return outcome;
    if (coming !== undefined) return after(this.#assigned(coming), true);
    if (refused) this.#refuse(verified, outcome);
    else this.counters.leftOut += 1;
    return undefined;
  }

  #assigned(coming: Promise<void>): Promise<void> {
    return waitAtMost(this.#options.clock, 'assignment', ASSIGNMENT_PATIENCE_MS, coming);
  }

  async #judge(
    source: 'own' | 'area',
    document: string,
    verified: VerifiedDocument,
    after: (until: Promise<void>) => Waiting,
  ): Promise<Waiting | 'left out' | undefined> {
    const header = orderHeaderCodec.parse(verified.payload);
    // Only what was told to the end can be replaced or cancelled.
    const before = this.#unstored.get(header.broadcastId);
    if (before !== undefined) return after(before.over);
    const facts = this.#facts(header);
    if (source === 'area' && leavesOut(header, facts)) return 'left out';
    checkHeader(header, facts);
    if (header.kind === 'play') {
      const order = playOrderCodec.parse(verified.payload);
      const replaced = checkPlay(order, facts);
      const { record, stored } = this.#enter(document, verified, order, order.priority === 'emergency');
      const play = () => this.#accept(record, () => this.#options.taker.play(record, order, replaced));
      if (order.priority !== 'emergency') return this.#onceStored(record, stored, play);
      await this.#soon(stored);
      await play();
    } else if (header.kind === 'cancel') {
      const order = cancelOrderCodec.parse(verified.payload);
      const { record, stored } = this.#enter(document, verified, order, true);
      await this.#soon(stored);
      await this.#accept(record, () => this.#options.taker.cancel(record, order));
    } else throw new DomainError('document.unknown_kind', { document: 'order', kind: header.kind });
    return undefined;
  }

  #enter(
    document: string,
    { hash }: VerifiedDocument,
    { id: orderId, broadcastId, revision, expiresAt, kind }: PlayOrder | CancelOrder,
    evenIfLost: boolean,
  ): EnteredOrder {
    const acceptedAt = factTime(this.#options.time).at;
    const order = { document, hash, kind, orderId, broadcastId, revision, acceptedAt, expiresAt };
    return this.#options.orders.enter(order, evenIfLost);
  }

  /** Lets others go on while the disk writes. Until then the order is not answered, and no other of its broadcast is judged. */
  #onceStored(
    { broadcastId, hash }: OrderRecord,
    stored: Promise<void>,
    accept: () => Promise<void>,
  ): Waiting {
    let done: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      done = () => {
        this.#unstored.delete(broadcastId);
        resolve();
      };
    });
    this.#unstored.set(broadcastId, { hash, over });
    const goOn = async () => {
      await accept().finally(done);
      return undefined;
    };
    // Where the disk refuses, the order was never there.
    stored.catch(done);
    return { until: stored, goOn };
  }

  #soon(stored: Promise<void>): Promise<void> {
    return waitAtMost(this.#options.clock, 'urgent order', DISK_PATIENCE_MS, stored);
  }

  #accept(record: OrderRecord, take: () => Promise<void>): Promise<void> {
    this.counters.accepted += 1;
    this.#options.answer(this.#accepted(record));
    return take();
  }

  #facts(header: OrderHeader): OrderFacts {
    const { time, speakerId, assignments, orders, journal } = this.#options;
    const { instant, trust } = time.now();
    return {
      now: instant,
      trust,
      notBefore: time.notBefore(),
      speakerId,
      areas: assignments.held?.assignment.areas ?? [],
      rules: assignments.held?.assignment.rules ?? null,
      sameId: orders.byId(header.id),
      sameBroadcast: orders.ofBroadcast(header.broadcastId),
      soundedShare: (broadcastId) =>
        soundedShare(journal.entries(), broadcastId, this.#durationOf(broadcastId)),
      hasBegun: (broadcastId) => hasBegun(journal.entries(), broadcastId),
    };
  }

  #durationOf(broadcastId: string): number {
    const record = this.#options.orders.ofBroadcast(broadcastId).find(({ kind }) => kind === 'play');
    if (record === undefined) return 0;
    const { content } = playOrderOf(record);
    return 'durationMs' in content ? content.durationMs : 0;
  }

  #refuse(verified: VerifiedDocument, error: DomainError): void {
    const { taker, time, log, answer } = this.#options;
    this.#count(error.code);
    log.warn('an order was refused', { code: error.code, reason: errorText(error) });
    const order = looseOrderOf(verified.payload);
    if (order === undefined) return;
    const ids = { orderId: order.id, broadcastId: order.broadcastId };
    const orderHash = verified.hash;
    const { at, clockErrorMs } = factTime(time);
    const refusal: Answer = { v: 1, ...ids, orderHash, answer: 'refused', code: error.code, at };
    this.#refusals.set(orderHash, refusal);
    const [oldest] = this.#refusals.keys();
    if (this.#refusals.size > REFUSALS_KEPT && oldest !== undefined) this.#refusals.delete(oldest);
    answer(refusal);
    const fact = {
      kind: 'refused',
      at,
      clockErrorMs,
      ...ids,
      orderHash,
      ...drillMark(order),
      code: error.code,
    } as const;
    taker.note({ ...fact, detail: errorText(error).slice(0, 512) });
  }

  #accepted(record: OrderRecord): Answer {
    const { orderId, hash: orderHash, broadcastId, acceptedAt: at } = record;
    return { v: 1, orderId, orderHash, broadcastId, answer: 'accepted', at };
  }

  #count(code: ErrorCode): void {
    this.counters.refused.set(code, (this.counters.refused.get(code) ?? 0) + 1);
  }
}
