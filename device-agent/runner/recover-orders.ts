import {
  type CancelOrder,
  cancelOrderCodec,
  type JournalEntry,
  type JournalFact,
  type KeyRing,
  payloadOf,
} from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { contentOf } from '../inbox/content-of.ts';
import { drillMark, looseOrderOf, playOrderOf } from '../inbox/payload.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { OrderRecord, OrderStore } from '../state/order-store.ts';
import { endedFact, type OutputFacts, orderFact } from './facts.ts';
import { PlayItem, type ProveSlot } from './play-item.ts';
import type { StoredPosition } from './position-file.ts';
import { proofFailure } from './proof.ts';
import { recover } from './recover.ts';
import { reopen } from './settle.ts';

/** What ended so does not go on. */
const FOR_GOOD: readonly string[] = ['order.hard_end', 'order.outside_window', 'order.agent_restarted'];

/** What the plan says of a slot. */
export interface SlotBook {
  readonly proveSlot: ProveSlot;
  /** When the head that names a slot runs out; undefined when none in force names it. */
  readonly plannedUntil: (record: Pick<OrderRecord, 'hash' | 'broadcastId' | 'plays'>) => number | undefined;
}

export interface RecoverOptions {
  readonly slots: SlotBook;
  readonly orders: OrderStore;
  readonly entries: readonly JournalEntry[];
  /** The newest of each thing that may have sounded at once. */
  readonly positions: readonly StoredPosition[];
  readonly keys: KeyRing;
  readonly time: TrustedTime;
  readonly output: OutputFacts;
  readonly log: Log;
  /** Tells what an order came to that cannot even be read. */
  readonly note: (fact: JournalFact) => void;
}

/** An order that the last run left open: `fact` is to be told first, if there is one; what is not "done" is gone on with. */
export interface RecoveredOrder {
  readonly item: PlayItem;
  readonly fact: JournalFact | null;
}

/**
 * Brings records, journal and last position together after whatever ended the last run. Every document is proved
 * again: what was signed with a key that is no longer in force does not sound. So is what came between two records: an
 * order that was cancelled or replaced does not sound because the power went before that was carried out.
 */
export async function recoverOrders(options: RecoverOptions): Promise<RecoveredOrder[]> {
  const { orders, log } = options;
  const told: RecoveredOrder[] = [];
  const open: PlayItem[] = [];
  /** Cut off in one repetition, with others to come. */
  const cut = new Map<PlayItem, JournalFact>();
  for (const record of orders.all()) {
    if (record.kind !== 'play' || record.phase === 'done') continue;
    const item = itemOf(record, options);
    if (item === undefined) {
      await putAway(record, options);
      continue;
    }
    if (wasWithdrawn(record, options)) {
      await forget(record, options);
      continue;
    }
    const fact = recoverOne(item, options);
    if (fact !== null && item.phase === 'open') {
      cut.set(item, fact);
      open.push(item);
    } else if (fact !== null) told.push({ item, fact });
    else if (item.phase === 'done') await keep(item, options);
    else if (isUnnamed(item, options)) await keep(item, options);
    else open.push(item);
  }
  const recovered = [...told];
  for (const item of open) {
    // A slot is proved when it begins: by then its plan has been brought up to date.
    const unproved = item.isSlot ? null : await proofFailure(item, options.keys, options.time);
    const fact = unproved ?? alreadyBegun(item, open, options);
    const before = cut.get(item) ?? null;
    if (fact !== null) {
      // A play that has an end is told with it.
      item.phase = 'done';
      recovered.push({ item, fact: before ?? fact });
    } else {
      if (isReplaced(item, orders)) item.phase = 'done';
      item.cancelledBy = cancelOf(item, options);
      // Its record follows when the cut is told.
      if (before === null) await keep(item, options);
      if (item.phase !== 'done' || before !== null) recovered.push({ item, fact: before });
    }
  }
  for (const { item, fact } of recovered)
    if (fact !== null && item.phase === 'done')
      log.warn('an order is not gone on with', { orderId: item.id, kind: fact.kind, code: fact.code });
  return recovered;
}

/** Undefined, and nothing of it sounds, when this version cannot read what an earlier one accepted. */
function itemOf(record: OrderRecord, { slots, log }: RecoverOptions): PlayItem | undefined {
  try {
    const order = playOrderOf(record);
    const base = { record, order, content: contentOf(order), fresh: false };
    if (record.origin === 'order') return new PlayItem(base);
    const plannedUntil = slots.plannedUntil(record) ?? 0;
    return new PlayItem({ ...base, proveSlot: slots.proveSlot, plannedUntil });
  } catch (error) {
    log.error('a stored order cannot be read', { orderId: record.orderId, error });
    return undefined;
  }
}

/** The journal tells that the plan took it back unheard: should it come again it is new. */
function wasWithdrawn({ origin, hash, plays }: OrderRecord, { entries }: RecoverOptions): boolean {
  const told = entries.findLast(({ orderHash }) => orderHash === hash);
  return origin === 'plan' && plays === 0 && told?.kind === 'cancelled' && told.code === 'plan.withdrawn';
}

async function forget(record: OrderRecord, { orders, log }: RecoverOptions): Promise<void> {
  await orders
    .forget(record)
    .catch((error) =>
      log.error('an order’s record could not be removed', { orderId: record.orderId, error }),
    );
}

/** A slot that no head in force names just now: its plan decides what becomes of it, or a document of the plan is still missing. */
function isUnnamed({ isSlot, record, plays }: PlayItem, { slots }: RecoverOptions): boolean {
  return isSlot && slots.plannedUntil({ ...record, plays }) === undefined;
}

async function putAway(record: OrderRecord, { orders, time, log, note }: RecoverOptions): Promise<void> {
  const { orderId, hash: orderHash, broadcastId } = record;
  const ids = { orderId, orderHash, broadcastId, ...drillMark(looseOrderOf(record)) };
  note({ kind: 'failed', ...factTime(time), ...ids, code: 'document.malformed' });
  await orders
    .update(orderId, { phase: 'done' })
    .catch((error) => log.error('an order’s record could not be written', { orderId, error }));
}

/** Where the disk refuses, what is in memory is right all the same: the loudspeaker must start on a full disk. */
async function keep(item: PlayItem, { orders, log }: RecoverOptions): Promise<void> {
  await item
    .persist(orders, item.snapshot())
    .catch((error) => log.error('an order’s record could not be written', { orderId: item.id, error }));
}

/** Another order of the broadcast has begun: this one came to take its place when it was too late. */
function alreadyBegun(
  item: PlayItem,
  open: readonly PlayItem[],
  { orders, time }: RecoverOptions,
): JournalFact | null {
  if (item.plays > 0) return null;
  const others = orders.ofBroadcast(item.record.broadcastId).filter(({ orderId }) => orderId !== item.id);
  const begun = others.some(({ kind, orderId, plays }) => {
    const recovered = open.find(({ id }) => id === orderId);
    return kind === 'play' && (recovered?.plays ?? plays) > 0;
  });
  return begun ? orderFact('refused', item, factTime(time), { code: 'order.already_played' }) : null;
}

/** A newer order of the broadcast was accepted, and the power went before this one was put away. */
function isReplaced({ plays, record }: PlayItem, orders: OrderStore): boolean {
  // Of slots the plan has the last word.
  const newer = ({ kind, revision, origin }: OrderRecord) =>
    kind === 'play' && revision > record.revision && (origin === 'order' || record.origin === 'order');
  return plays === 0 && orders.ofBroadcast(record.broadcastId).some(newer);
}

/** The cancel that was accepted for this order, and that the power kept from being carried out. */
function cancelOf({ record }: PlayItem, { orders, log }: RecoverOptions): Pick<CancelOrder, 'reason'> | null {
  const cancels = orders
    .ofBroadcast(record.broadcastId)
    .filter(({ kind, revision }) => kind === 'cancel' && revision >= record.revision);
  const [last] = cancels.slice(-1);
  if (last === undefined) return null;
  try {
    return cancelOrderCodec.parse(payloadOf(last.document));
  } catch (error) {
    log.error('a stored cancel cannot be read: it is obeyed all the same', { orderId: last.orderId, error });
    return { reason: '' };
  }
}

function recoverOne(item: PlayItem, options: RecoverOptions): JournalFact | null {
  const { hash } = item.record;
  const own = options.entries.filter(
    ({ orderId, orderHash }) => orderId === item.id && (orderHash === undefined || orderHash === hash),
  );
  const position = options.positions.find(({ orderId }) => orderId === item.id);
  item.ready ||= own.some(({ kind }) => kind === 'ready');
  const found = recover(item.record, own, position, item.content.durationMs, lastKnownAt(options));
  switch (found.kind) {
    case 'as-recorded':
      return null;
    case 'told': {
      const { kind, code, toMs } = found.entry;
      const cutOff = kind === 'interrupted' && code === 'order.agent_restarted';
      if (kind === 'finished' || (cutOff && item.triesAgain)) item.repetitionDone();
      else if (kind === 'failed' && found.entry.play !== undefined) item.failed(toMs ?? null);
      else if (kind === 'interrupted' && !(code !== undefined && FOR_GOOD.includes(code)))
        item.interrupted(toMs ?? 0);
      else item.phase = 'done';
      return null;
    }
    case 'not-begun':
      reopen(item);
      return null;
    case 'cut-off': {
      // No restart by itself: how much was heard is not known well enough.
      const time = factTime(options.time, found.at);
      const more = { code: 'order.agent_restarted' } as const;
      const fact = endedFact('interrupted', item, found, undefined, options.output, time, more);
      // The repetitions of an emergency that are still to come are not lost with it.
      if (item.triesAgain) item.repetitionDone();
      else item.phase = 'done';
      return fact;
    }
    default: {
      const never: never = found;
      return never;
    }
  }
}

/** The last instant of which the run that was cut off left word. */
function lastKnownAt({ entries, positions }: RecoverOptions): number {
  const last = entries.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  return Math.max(last, ...positions.map(({ at }) => at));
}
