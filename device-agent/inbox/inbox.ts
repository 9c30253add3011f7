import Type from 'typebox';
import { Exclusive } from '#kit';
import {
  type Answer,
  type CancelOrder,
  cancelOrderCodec,
  codec,
  DomainError,
  type ErrorCode,
  IdSchema,
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
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { OrderRecord, OrderStore } from '../state/order-store.ts';
import type { Prover } from '../state/prover.ts';
import { checkHeader, checkPlay, leavesOut, type OrderFacts } from './decide.ts';
import { playOrderOf } from './payload.ts';
import { hasBegun, soundedShare } from './sounded-share.ts';

/** What can be said of an order that this version cannot read further. */
const looseHeaderCodec = codec('order', Type.Object({ id: IdSchema, broadcastId: IdSchema }));

/** Refusals remembered, so that a copy gets the same answer and no second journal entry. */
const REFUSALS_KEPT = 500;

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
  readonly prover: Prover;
  readonly assignments: AssignmentStore;
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

/**
 * Takes orders in: proves, judges, stores, answers, in this order and one at a time. An order that is known by its
 * exact bytes gets the same answer again and nothing else happens.
 */
export class Inbox {
  readonly counters: InboxCounters = { accepted: 0, repeated: 0, leftOut: 0, refused: new Map() };
  readonly #options: InboxOptions;
  readonly #one = new Exclusive();
  readonly #refusals = new Map<string, Answer>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Takes one message. Never rejects: what is wrong with it is answered, counted and logged. */
  receive(source: 'own' | 'area', payload: Uint8Array): Promise<void> {
    return this.#one.run(async () => {
      try {
        await this.#receive(source, payload);
      } catch (error) {
        // Not the message's fault: the disk, most likely. The controller sends it again.
        this.#options.log.error('an order could not be taken', { error });
      }
    });
  }

  /** Answers for all orders that are still to be done: for a controller that may not have had them. */
  openAnswers(): Answer[] {
    const open = this.#options.orders
      .all()
      .filter(({ phase, origin }) => phase !== 'done' && origin === 'order');
    return open.map((record) => this.#accepted(record));
  }

  async #receive(source: 'own' | 'area', payload: Uint8Array): Promise<void> {
    const { orders, prover, answer, log } = this.#options;
    const text = Buffer.from(payload).toString('latin1');
    const hash = sha256(text);
    const known = orders.byHash(hash);
    const again = known === undefined ? this.#refusals.get(hash) : this.#accepted(known);
    if (again !== undefined) {
      this.counters.repeated += 1;
      answer(again);
      return;
    }
    let verified: VerifiedDocument;
    try {
      verified = await prover.prove('order', text);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      this.#count(error.code);
      log.warn('a message was refused', { code: error.code, reason: errorText(error) });
      return;
    }
    try {
      await this.#judge(source, text, verified);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      this.#refuse(verified, error);
    }
  }

  async #judge(source: 'own' | 'area', document: string, verified: VerifiedDocument): Promise<void> {
    const header = orderHeaderCodec.parse(verified.payload);
    const facts = this.#facts(header);
    if (source === 'area' && leavesOut(header, facts)) {
      this.counters.leftOut += 1;
      return;
    }
    checkHeader(header, facts);
    if (header.kind === 'play') {
      const order = playOrderCodec.parse(verified.payload);
      const replaced = checkPlay(order, facts);
      const record = await this.#store(document, verified, header, 'play', order.priority === 'emergency');
      await this.#options.taker.play(record, order, replaced);
    } else if (header.kind === 'cancel') {
      const order = cancelOrderCodec.parse(verified.payload);
      const record = await this.#store(document, verified, header, 'cancel', true);
      await this.#options.taker.cancel(record, order);
    } else throw new DomainError('document.unknown_kind', { document: 'order', kind: header.kind });
  }

  async #store(
    document: string,
    { hash }: VerifiedDocument,
    header: OrderHeader,
    kind: 'play' | 'cancel',
    evenIfLost: boolean,
  ): Promise<OrderRecord> {
    const { id: orderId, broadcastId, revision, expiresAt } = header;
    const acceptedAt = factTime(this.#options.time).at;
    const order = { document, hash, kind, orderId, broadcastId, revision, acceptedAt, expiresAt };
    const record = await this.#options.orders.add(order, evenIfLost);
    this.counters.accepted += 1;
    this.#options.answer(this.#accepted(record));
    return record;
  }

  #facts(header: OrderHeader): OrderFacts {
    const { time, speakerId, assignments, orders, journal } = this.#options;
    const { instant, trust } = time.now();
    return {
      now: instant,
      trust,
      notBefore: time.lastSignedAt ?? 0,
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
    const ids = this.#attribution(verified.payload);
    if (ids === undefined) return;
    const orderHash = verified.hash;
    const { at, clockErrorMs } = factTime(time);
    const refusal: Answer = { v: 1, ...ids, orderHash, answer: 'refused', code: error.code, at };
    this.#refusals.set(orderHash, refusal);
    const [oldest] = this.#refusals.keys();
    if (this.#refusals.size > REFUSALS_KEPT && oldest !== undefined) this.#refusals.delete(oldest);
    answer(refusal);
    const fact = { kind: 'refused', at, clockErrorMs, ...ids, orderHash, code: error.code } as const;
    taker.note({ ...fact, detail: errorText(error).slice(0, 512) });
  }

  #attribution(payload: Uint8Array): { orderId: string; broadcastId: string } | undefined {
    try {
      const { id, broadcastId } = looseHeaderCodec.parse(payload);
      return { orderId: id, broadcastId };
    } catch {
      return undefined;
    }
  }

  #accepted(record: OrderRecord): Answer {
    const { orderId, hash: orderHash, broadcastId, acceptedAt: at } = record;
    return { v: 1, orderId, orderHash, broadcastId, answer: 'accepted', at };
  }

  #count(code: ErrorCode): void {
    this.counters.refused.set(code, (this.counters.refused.get(code) ?? 0) + 1);
  }
}
