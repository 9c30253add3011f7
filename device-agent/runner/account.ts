import { Lifecycle } from '#kit';
import type { ChainedLine, JournalFact } from '#protocols';
import type { Log } from '../log.ts';
import type { OrderRecord, OrderStore } from '../state/order-store.ts';
import type { PlayItem } from './play-item.ts';
import { Teller, type TellerOptions } from './teller.ts';

/** Ends of orders since the start of the process. */
export interface AccountCounters {
  finished: number;
  /** Failed, missed, interrupted for good. */
  failed: number;
  cancelled: number;
}

const nothing = () => undefined;

/** Keeps journal and records in step: what an order came to is in the journal before its record says so. */
export class Account extends Lifecycle {
  readonly counters: AccountCounters = { finished: 0, failed: 0, cancelled: 0 };
  readonly #teller: Teller;
  readonly #orders: OrderStore;
  readonly #log: Log;
  readonly #ending = new Set<string>();

  constructor(options: TellerOptions & { readonly orders: OrderStore }) {
    super();
    this.#teller = new Teller(options);
    this.#orders = options.orders;
    this.#log = options.log;
  }

  protected override async onStart(): Promise<void> {
    await this.#teller.start();
    this.disposers.defer('records', () => this.idle());
    this.disposers.defer('entries', () => this.#teller.stop());
  }

  /** Something that was told is not durable yet. */
  get behind(): boolean {
    return this.#teller.behind;
  }

  /** What was told and is not durable yet, oldest first; the first may be in the journal already. */
  get untold(): Iterable<JournalFact> {
    return this.#teller.untold;
  }

  /** Hashes of orders whose end is told, but not durably yet: their records are behind. */
  get ending(): ReadonlySet<string> {
    return this.#ending;
  }

  /** Resolves when everything told so far is durable, or given up because the agent stops. */
  told(): Promise<void> {
    return this.#teller.told();
  }

  /** Writes a fact that changes no record. */
  note(fact: JournalFact): void {
    this.#teller.tell(fact, async () => undefined, nothing);
  }

  /** Writes a fact, then the item's record as it is now. `onTrouble`: the disk refused at first. */
  tell(item: PlayItem, fact: JournalFact, onTrouble: () => void = nothing): void {
    const state = item.snapshot();
    const { passes } = item;
    // It sounds although everything is stopped: said where it begins.
    const told = fact.kind === 'started' && passes !== null ? { ...fact, latchId: passes } : fact;
    this.#teller.tell(told, () => item.persist(this.#orders, state), onTrouble);
  }

  /** Writes the fact that ends an order, then that it has ended. */
  tellEnd(item: PlayItem, fact: JournalFact): void {
    const state = item.snapshot();
    if (fact.kind === 'finished' || fact.kind === 'cancelled') this.counters[fact.kind] += 1;
    else this.counters.failed += 1;
    this.#tellLast(item.record.hash, fact, async ({ entry: { epoch, seq, at, code } }) => {
      // What the plan takes back unheard may come again under the same text, and is then new.
      if (code === 'plan.withdrawn' && state.plays === 0) await this.#orders.forget(item.record);
      else await item.persist(this.#orders, { ...state, ended: { epoch, seq, at } });
    });
  }

  /** Writes the fact that ends an order that is not on its way, then that it has ended. */
  tellRecordEnd({ orderId, hash, plays }: OrderRecord, fact: JournalFact): void {
    if (fact.kind === 'cancelled') this.counters.cancelled += 1;
    else this.counters.failed += 1;
    this.#tellLast(hash, fact, async ({ entry: { epoch, seq, at, code } }) => {
      if (code === 'plan.withdrawn' && plays === 0) await this.#orders.forget({ orderId, hash });
      else await this.#orders.update(orderId, { phase: 'done', ended: { epoch, seq, at } }, hash);
    });
  }

  #tellLast(hash: string, fact: JournalFact, then: (line: ChainedLine) => Promise<void>): void {
    this.#ending.add(hash);
    this.#teller.tell(fact, (line) => then(line).finally(() => this.#ending.delete(hash)), nothing);
  }

  /** Forgets the record of a slot that nothing was told of. */
  forgetSoon({ record, id }: PlayItem): void {
    this.background(this.#orders.forget(record), (error) =>
      this.#log.error('an order’s record could not be removed', { orderId: id, error }),
    );
  }

  /** Writes the item's record as it is now (but for `change`); rejects when the disk refuses. */
  write(item: PlayItem, change: Parameters<PlayItem['snapshot']>[0] = {}): Promise<void> {
    return item.persist(this.#orders, item.snapshot(change));
  }

  /** The same, when nobody waits for it. */
  writeSoon(item: PlayItem): void {
    this.background(this.write(item), (error) =>
      this.#log.error('an order’s record could not be written', { orderId: item.id, error }),
    );
  }
}
