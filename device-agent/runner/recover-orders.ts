import {
  codec,
  DomainError,
  type FileContent,
  FileContentSchema,
  isDomainError,
  type JournalEntry,
  type JournalFact,
  type KeyRing,
  type PlayOrder,
  playOrderCodec,
  verifyDocument,
} from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { payloadOf } from '../inbox/payload.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { OrderStore } from '../state/order-store.ts';
import { endedFact, type OutputFacts, orderFact } from './facts.ts';
import { PlayItem } from './play-item.ts';
import type { StoredPosition } from './position-file.ts';
import { recover } from './recover.ts';
import { reopen } from './settle.ts';

const fileContentCodec = codec('content', FileContentSchema);

/** The content of an order that `checkPlay` let through. Throws `document.malformed` for any other. */
export function fileContentOf(order: PlayOrder): FileContent {
  return fileContentCodec.check(order.content);
}

export interface RecoverOptions {
  readonly orders: OrderStore;
  readonly entries: readonly JournalEntry[];
  readonly position: StoredPosition | undefined;
  readonly keys: KeyRing;
  readonly time: TrustedTime;
  readonly output: OutputFacts;
  readonly heardAtMs: number;
  readonly log: Log;
}

/** An order that the last run left open: to go on with, or (`fact`) to be told and done with. */
export interface RecoveredOrder {
  readonly item: PlayItem;
  readonly fact: JournalFact | null;
}

/**
 * Brings records, journal and last position together after whatever ended the last run. Every document is proved
 * again: what was signed with a key that is no longer in force does not sound.
 */
export async function recoverOrders(options: RecoverOptions): Promise<RecoveredOrder[]> {
  const { orders, log } = options;
  const recovered: RecoveredOrder[] = [];
  for (const record of orders.all()) {
    if (record.kind !== 'play' || record.phase === 'done') continue;
    const payload = payloadOf(record.document);
    const order = playOrderCodec.parse(payload);
    const content = fileContentOf(order);
    const item = new PlayItem({ record, order, content, fresh: false, heardAtMs: options.heardAtMs });
    const fact = recoverOne(item, options) ?? (await refusal(item, options));
    if (fact !== null) {
      item.phase = 'done';
      log.warn('an order is not gone on with', { orderId: item.id, kind: fact.kind, code: fact.code });
      recovered.push({ item, fact });
      continue;
    }
    await item.persist(orders, item.snapshot());
    if (item.phase !== 'done') recovered.push({ item, fact: null });
  }
  return recovered;
}

function recoverOne(item: PlayItem, options: RecoverOptions): JournalFact | null {
  const own = options.entries.filter(({ orderId }) => orderId === item.id);
  item.ready ||= own.some(({ kind }) => kind === 'ready');
  const found = recover(item.record, own, options.position, item.content.durationMs);
  switch (found.kind) {
    case 'as-recorded':
      return null;
    case 'told': {
      const { kind, code, toMs } = found.entry;
      if (kind === 'finished') item.repetitionDone();
      else if (kind === 'interrupted' && code !== 'order.hard_end' && code !== 'order.agent_restarted')
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
      return endedFact('interrupted', item, found, undefined, options.output, time, more);
    }
    default: {
      const never: never = found;
      return never;
    }
  }
}

async function refusal(item: PlayItem, { keys, time }: RecoverOptions): Promise<JournalFact | null> {
  if (item.phase === 'done') return null;
  try {
    const { hash } = await verifyDocument('order', item.record.document, keys);
    if (hash === item.record.hash) return null;
    throw new DomainError('document.bad_signature', { document: 'order', keyId: '' });
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return orderFact('failed', item, factTime(time), { code: error.code });
  }
}
