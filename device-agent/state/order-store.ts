import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Exclusive, writeFileAtomic } from '#kit';
import { codec, IdSchema, InstantSchema, RevisionSchema, Sha256Schema } from '#protocols';
import type { Log } from '../log.ts';
import { ifMissing, quarantine } from './files.ts';
import type { OwedWrites } from './owed-writes.ts';

/**
 * Where an accepted order stands.
 * open: to be played · playing: the output was told to play it · interrupted: stopped, may go on · done: told in the journal.
 */
const OrderPhaseSchema = Type.Union([
  Type.Literal('open'),
  Type.Literal('playing'),
  Type.Literal('interrupted'),
  Type.Literal('done'),
]);
export type OrderPhase = Static<typeof OrderPhaseSchema>;

const StoredRecordSchema = Type.Object({
  v: Type.Literal(1),
  /** The exact text that was signed; of a slot its line, for which a plan head vouches. */
  document: Type.String({ maxLength: 65_536 }),
  /** How it came: as an order of its own, or as a slot of a plan. Records of older versions do not say: an order. */
  origin: Type.Optional(Type.Union([Type.Literal('order'), Type.Literal('plan')])),
  /** `scopeKey` of the plan head that named it; null: an order. */
  scope: Type.Optional(Type.Union([Type.String({ maxLength: 128 }), Type.Null()])),
  hash: Sha256Schema,
  kind: Type.Union([Type.Literal('play'), Type.Literal('cancel')]),
  orderId: IdSchema,
  broadcastId: IdSchema,
  revision: RevisionSchema,
  acceptedAt: InstantSchema,
  /** Orders are taken in this order. */
  number: Type.Integer({ minimum: 1 }),
  expiresAt: InstantSchema,
  phase: OrderPhaseSchema,
  /** Attempts begun. */
  plays: Type.Integer({ minimum: 0 }),
  /** Repetitions that sounded, or whose time has passed. */
  repetitions: Type.Integer({ minimum: 0 }),
  /** Where an interrupted repetition goes on, ms. */
  resumeFromMs: Type.Number({ minimum: 0 }),
  /** Every byte of the content was here once, and the journal says so. */
  ready: Type.Boolean(),
  /** The entry that ended it, once there is one. */
  ended: Type.Union([
    Type.Object({ epoch: IdSchema, seq: Type.Integer({ minimum: 1 }), at: InstantSchema }),
    Type.Null(),
  ]),
});
type StoredRecord = Static<typeof StoredRecordSchema>;
export type OrderRecord = Omit<StoredRecord, 'origin' | 'scope'> & {
  readonly origin: 'order' | 'plan';
  readonly scope: string | null;
};
const recordCodec = codec('order record', StoredRecordSchema, 1);

/** What is known of an order when it comes. `origin` and `scope` are left out for one that came by itself. */
export type NewOrder = Pick<
  OrderRecord,
  'document' | 'hash' | 'kind' | 'orderId' | 'broadcastId' | 'revision' | 'acceptedAt' | 'expiresAt'
> &
  Partial<Pick<OrderRecord, 'origin' | 'scope'>>;

/** A new order that is remembered in memory. */
export interface EnteredOrder {
  readonly record: OrderRecord;
  /** Settles when the disk has taken it or refused. */
  readonly stored: Promise<void>;
}

/** How long an order that is done is remembered, so that no copy of it is taken for new. */
const REMEMBERED_MS = 30 * 24 * 3_600_000;

/** Accepted orders, one file each, so that a restart knows what was accepted, begun and done. */
export class OrderStore {
  readonly #folder: string;
  readonly #log: Log;
  readonly #records = new Map<string, OrderRecord>();
  readonly #byHash = new Map<string, OrderRecord>();
  readonly #writes = new Exclusive();
  readonly #owed: OwedWrites | undefined;
  #number = 0;

  /** `owed` writes what the disk refused once it takes it. */
  constructor(options: { readonly folder: string; readonly log: Log; readonly owed?: OwedWrites }) {
    this.#owed = options.owed;
    this.#folder = options.folder;
    this.#log = options.log;
  }

  async load(now: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.endsWith('.new')) await rm(path, { force: true });
      if (!name.endsWith('.json')) continue;
      try {
        this.#keep({ origin: 'order', scope: null, ...recordCodec.parse(await readFile(path)) });
      } catch (error) {
        this.#log.error('a stored order cannot be read and is put aside', { file: name, error });
        await quarantine(path, now);
      }
    }
  }

  byId(orderId: string): OrderRecord | undefined {
    return this.#records.get(orderId);
  }

  byHash(hash: string): OrderRecord | undefined {
    return this.#byHash.get(hash);
  }

  /** Orders of one broadcast, in the order in which they were accepted. */
  ofBroadcast(broadcastId: string): OrderRecord[] {
    return this.all().filter((record) => record.broadcastId === broadcastId);
  }

  /** Every order, in the order in which they were accepted. */
  all(): OrderRecord[] {
    return [...this.#records.values()].sort((a, b) => a.number - b.number);
  }

  /** The same as `enter`; durable when it resolves, unless the disk refuses what it may refuse. */
  async add(order: NewOrder, evenIfLost: boolean): Promise<OrderRecord> {
    const { record, stored } = this.enter(order, evenIfLost);
    await stored;
    return record;
  }

  /**
   * Remembers a new order, in memory at once; `stored` resolves when it is durable. Where the disk refuses, it is forgotten again and `stored`
   * rejects. With `evenIfLost` it stays and the disk owes it: an emergency is not silenced by a full disk, nor is a stop.
   */
  enter(order: NewOrder, evenIfLost: boolean): EnteredOrder {
    const record: OrderRecord = {
      v: 1,
      origin: 'order',
      scope: null,
      ...order,
      number: this.#number + 1,
      phase: order.kind === 'play' ? 'open' : 'done',
      plays: 0,
      repetitions: 0,
      resumeFromMs: 0,
      ready: false,
      ended: null,
    };
    this.#keep(record);
    const stored = this.#save(record).catch((error) => {
      if (!evenIfLost) {
        this.#drop(record);
        throw error;
      }
      this.#log.error('an urgent order could not be stored', { orderId: record.orderId, error });
      this.#owed?.owe(`order ${record.orderId}`, () => this.#saveAsItIs(record));
    });
    return { record, stored };
  }

  /**
   * Changes an order; durable when it resolves. Where the disk refuses, what is in memory is right all the same. Does nothing
   * when the order is not held any more, or (with `hash`) another text of the same id is.
   */
  async update(
    orderId: string,
    change: Partial<
      Pick<OrderRecord, 'phase' | 'plays' | 'repetitions' | 'resumeFromMs' | 'ready' | 'ended'>
    >,
    hash?: string,
  ): Promise<OrderRecord | undefined> {
    const before = this.#records.get(orderId);
    if (before === undefined || (hash !== undefined && before.hash !== hash)) return undefined;
    const record = { ...before, ...change };
    this.#keep(record);
    await this.#save(record);
    return record;
  }

  /** Forgets a slot that nothing was heard of and that the plan does not name any more. Where the disk refuses, it is gone from memory all the same. */
  async forget({ orderId, hash }: Pick<OrderRecord, 'orderId' | 'hash'>): Promise<void> {
    const record = this.#records.get(orderId);
    if (record === undefined || record.hash !== hash) return;
    this.#drop(record);
    await this.#writes.run(() => ifMissing(rm(this.#path(record)), undefined));
  }

  /** Forgets orders that are done, expired, told to the controller and older than 30 days. */
  async prune(now: number, acked: (epoch: string, seq: number) => boolean): Promise<void> {
    for (const record of this.all()) {
      const { phase, ended, expiresAt, acceptedAt } = record;
      if (phase !== 'done' || Math.max(ended?.at ?? acceptedAt, expiresAt) > now - REMEMBERED_MS) continue;
      if (ended !== null && !acked(ended.epoch, ended.seq)) continue;
      this.#drop(record);
      await ifMissing(rm(this.#path(record)), undefined);
    }
  }

  #save(record: OrderRecord): Promise<void> {
    return this.#writes.run(() => writeFileAtomic(this.#path(record), JSON.stringify(record)));
  }

  /** Unless it was forgotten meanwhile, or another text of the same id came. */
  async #saveAsItIs({ orderId, hash }: OrderRecord): Promise<void> {
    const record = this.#records.get(orderId);
    if (record?.hash === hash) await this.#save(record);
  }

  #keep(record: OrderRecord): void {
    const before = this.#records.get(record.orderId);
    if (before !== undefined && before.hash !== record.hash) this.#byHash.delete(before.hash);
    this.#records.set(record.orderId, record);
    this.#byHash.set(record.hash, record);
    this.#number = Math.max(this.#number, record.number);
  }

  #drop({ orderId, hash }: OrderRecord): void {
    this.#byHash.delete(hash);
    if (this.#records.get(orderId)?.hash === hash) this.#records.delete(orderId);
  }

  #path(record: OrderRecord): string {
    return join(this.#folder, `${record.orderId}.json`);
  }
}
