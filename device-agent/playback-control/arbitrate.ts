import type { ErrorCode, Priority, Trust, Window } from '#protocols';

/** One repetition that is to sound, or sounds. */
export interface Item {
  readonly id: string;
  readonly priority: Priority;
  /** Orders are taken in this order. */
  readonly number: number;
  readonly plannedAt: number;
  /** It neither begins nor goes on after this. */
  readonly latestStartAt: number;
  readonly hardEndAt: number;
  /** Null: none is needed (emergency, or leave from a person). */
  readonly window: Window | null;
  /** Every byte of its content is here. */
  readonly ready: boolean;
  /** It came over the link in this run of the agent: it is no leftover of another day. */
  readonly fresh: boolean;
  /** Why it could not begin when it was last looked at. */
  readonly blockedBy: ErrorCode | null;
}

/** Everything that decides what sounds. */
export interface Situation {
  /** Best known time. */
  readonly now: number;
  /** The true time is not before this, whatever the clocks say. */
  readonly notBefore: number;
  readonly trust: Trust;
  readonly muted: boolean;
  readonly maintenance: boolean;
  /** The journal can be written. */
  readonly journalOk: boolean;
  readonly items: readonly Item[];
  /** The item that the output is busy with, silence before its start included. */
  readonly current: string | null;
}

/** What is to be done. */
export interface Verdict {
  /** What the output should be busy with. */
  readonly sound: string | null;
  /** Why the current item has to give way, when it has to. */
  readonly stop: ErrorCode | null;
  /** Items that will not begin any more, and why. */
  readonly over: readonly { readonly id: string; readonly code: ErrorCode }[];
  /** Why items that are due do not begin now. */
  readonly blocked: ReadonlyMap<string, ErrorCode>;
  /** When to look again though nothing else has happened. */
  readonly nextAt: number | null;
}

/** The output is taken this long before the planned instant: decoding and priming need their time. */
export const PREPARE_MS = 5_000;

/** Without trusted time an emergency is of this moment when the true time may be so close to its start. */
const EMERGENCY_NEAR_MS = 15_000;

const RANK: Readonly<Record<Priority, number>> = { emergency: 0, priority: 1, normal: 2 };

/**
 * What sounds now. Pure. One thing at a time; only an emergency pre-empts; others queue: what is due, the higher
 * priority first, then in the order of their orders. Maintenance holds everything, for somebody stands at the horns; mute
 * (a quiet hour) holds everything but an emergency, which is there to save lives. Untrusted or disputed time keeps
 * planned items from beginning; what sounds already goes on. An emergency of this moment that has just come sounds
 * without trusted time, at once.
 */
export function arbitrate(situation: Situation): Verdict {
  const { now, items, current } = situation;
  const over: { id: string; code: ErrorCode }[] = [];
  const blocked = new Map<string, ErrorCode>();
  const startable: Item[] = [];
  for (const item of items) {
    if (item.id === current) continue;
    const block = startBlock(item, situation);
    // Without trusted time an item is over only when that is certain.
    const sure = situation.trust === 'trusted' ? now : situation.notBefore;
    if (sure >= endOf(item) || sure > item.latestStartAt) {
      over.push({ id: item.id, code: block ?? item.blockedBy ?? 'order.too_late' });
      continue;
    }
    if (now < begin(item) - PREPARE_MS && !soundsAnyway(item, situation)) continue;
    if (block !== null) blocked.set(item.id, block);
    else if (item.ready) startable.push(item);
  }
  const first = startable.sort((a, b) => precedence(a, b, now))[0];
  const sounding = items.find(({ id }) => id === current);
  const stop = sounding === undefined ? null : stopReason(sounding, first, situation);
  const sound = sounding !== undefined && stop === null ? sounding.id : (first?.id ?? null);
  return { sound, stop, over, blocked, nextAt: nextLook(items, over, situation) };
}

/** When nothing of an item may sound any more. */
export function endOf(item: Pick<Item, 'hardEndAt' | 'window'>): number {
  return item.window === null ? item.hardEndAt : Math.min(item.hardEndAt, item.window.closesAt);
}

function begin(item: Item): number {
  return item.window === null ? item.plannedAt : Math.max(item.plannedAt, item.window.opensAt);
}

function hold(item: Item, situation: Situation): ErrorCode | null {
  if (situation.maintenance) return 'order.maintenance';
  return situation.muted && item.priority !== 'emergency' ? 'order.muted' : null;
}

/** An emergency of this moment, on a loudspeaker that does not know the time. One that is planned for later waits. */
export function soundsAnyway(
  item: Item,
  { trust, notBefore }: Pick<Situation, 'trust' | 'notBefore'>,
): boolean {
  const emergency = item.priority === 'emergency' && item.fresh;
  return emergency && trust !== 'trusted' && item.plannedAt - notBefore <= EMERGENCY_NEAR_MS;
}

function startBlock(item: Item, situation: Situation): ErrorCode | null {
  const held = hold(item, situation);
  if (held !== null || soundsAnyway(item, situation)) return held;
  if (situation.trust !== 'trusted') return 'order.time_untrusted';
  if (item.priority === 'emergency') return null;
  return situation.journalOk ? null : 'storage.disk_full';
}

function stopReason(sounding: Item, first: Item | undefined, situation: Situation): ErrorCode | null {
  const held = hold(sounding, situation);
  if (held !== null) return held;
  const emergency = first?.priority === 'emergency' && sounding.priority !== 'emergency';
  return emergency ? 'order.preempted' : null;
}

function precedence(a: Item, b: Item, now: number): number {
  if (a.priority === 'emergency' || b.priority === 'emergency')
    return RANK[a.priority] - RANK[b.priority] || a.number - b.number;
  const [dueA, dueB] = [begin(a) <= now, begin(b) <= now];
  if (dueA && dueB) return RANK[a.priority] - RANK[b.priority] || a.number - b.number;
  return begin(a) - begin(b) || RANK[a.priority] - RANK[b.priority] || a.number - b.number;
}

function nextLook(items: readonly Item[], over: Verdict['over'], situation: Situation): number | null {
  const { now, notBefore, trust, current } = situation;
  // What is certain of the time grows as fast as time does.
  const certain = (instant: number) => (trust === 'trusted' ? instant : now + instant - notBefore);
  const gone = new Set(over.map(({ id }) => id));
  const instants = items
    .filter(({ id }) => id !== current && !gone.has(id))
    .flatMap((item) => [
      begin(item) - PREPARE_MS,
      ...(trust === 'trusted' ? [] : [certain(item.plannedAt - EMERGENCY_NEAR_MS)]),
      certain(item.latestStartAt + 1),
      certain(endOf(item)),
    ])
    .filter((instant) => instant > now);
  return instants.length === 0 ? null : Math.min(...instants);
}
