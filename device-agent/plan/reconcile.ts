import { type ErrorCode, targetsInclude } from '#protocols';
import type { OrderRecord } from '../state/order-store.ts';
import type { SlotInForce } from './held-plan.ts';

/** Slots become items this long before their start: from then on they have a record, and `ready` is told of them. */
export const SLOT_AHEAD_MS = 48 * 3_600_000;

/** What is to be made of the plan now. */
export interface PlanFacts {
  /** Best known time when it is trusted; else the newest instant that is certainly not in the future. */
  readonly now: number;
  readonly trusted: boolean;
  readonly speakerId: string;
  /** Ancestry of the assignment. */
  readonly areas: readonly string[];
  readonly slots: readonly SlotInForce[];
  /** Scopes of which a document is missing: what they no longer name is not known. */
  readonly unsure: ReadonlySet<string>;
  /** Orders and slots that are remembered, and cancels. */
  readonly records: readonly OrderRecord[];
  /** Hashes of the slots that are on their way. */
  readonly underWay: ReadonlySet<string>;
  /** Broadcasts of which the journal tells that a play has begun. */
  readonly begun: ReadonlySet<string>;
  /** Why this loudspeaker does not take a slot, or null. */
  readonly refusal: (slot: SlotInForce) => ErrorCode | null;
}

/**
 * take: it becomes an item in place of `replaces` · resume: it has a record, and goes on · miss: it came too late ·
 * refuse: it cannot be played here · withdraw: the plan does not name it any more · lapse: its time has passed while the document that
 * names it was missing.
 */
export type PlanStep =
  | { readonly kind: 'take'; readonly slot: SlotInForce; readonly replaces: readonly OrderRecord[] }
  | { readonly kind: 'resume'; readonly slot: SlotInForce; readonly record: OrderRecord }
  | {
      readonly kind: 'miss' | 'refuse';
      readonly slot: SlotInForce;
      readonly code: ErrorCode;
      readonly replaces: readonly OrderRecord[];
    }
  | { readonly kind: 'withdraw' | 'lapse'; readonly record: OrderRecord };

/**
 * What has to happen so that records and items agree with the plan. Pure. Nothing that has begun is begun again, nothing that a
 * person has taken back is taken in, and a slot of other words takes the place of the one before it.
 */
export function reconcile(facts: PlanFacts): PlanStep[] {
  const ours = facts.slots
    .filter(({ order }) => targetsInclude(order.targets, facts.speakerId, facts.areas))
    .sort(inPlanOrder);
  const records = byBroadcast(facts.records);
  const steps = ours.flatMap((slot) => stepOf(slot, records.get(slot.order.broadcastId) ?? [], facts));
  return [...withdrawals(ours, facts), ...steps];
}

/** When the next slot becomes an item; null when none will. */
export function nextSlotAt(slots: readonly SlotInForce[], now: number): number | null {
  const instants = slots.map(({ order }) => order.startsAt - SLOT_AHEAD_MS).filter((at) => at > now);
  return instants.length === 0 ? null : instants.reduce((a, b) => Math.min(a, b));
}

function stepOf(slot: SlotInForce, known: readonly OrderRecord[], facts: PlanFacts): PlanStep[] {
  const { order, hash } = slot;
  const { now } = facts;
  const plays = known.filter(({ kind }) => kind === 'play');
  const same = plays.find((record) => record.hash === hash);
  if (same !== undefined) {
    if (same.phase === 'done' || facts.underWay.has(hash)) return [];
    if (hasBegun(same)) return [{ kind: 'resume', slot, record: same }];
  }
  if (order.startsAt > now + SLOT_AHEAD_MS && same === undefined) return [];
  if (facts.begun.has(order.broadcastId) || plays.some(hasBegun)) return [];
  if (known.some(({ kind, revision }) => kind === 'cancel' && revision >= order.revision)) return [];
  // An order of its own counts by its revision; of slots the plan has the last word.
  const orders = plays.filter(({ origin }) => origin === 'order');
  if (orders.some(({ revision }) => revision >= order.revision)) return [];
  const replaces = plays.filter((record) => record.phase !== 'done' && record !== same);
  const told = plays.some(({ phase }) => phase === 'done');
  return verdictOn(slot, same, { replaces, told }, facts);
}

/** What becomes of a slot that has not begun and that nothing stands against. */
function verdictOn(
  slot: SlotInForce,
  same: OrderRecord | undefined,
  { replaces, told }: { readonly replaces: readonly OrderRecord[]; readonly told: boolean },
  { now, trusted, refusal }: PlanFacts,
): PlanStep[] {
  const { order } = slot;
  // Without trusted time a slot is too late only when that is certain, and it waits for its time anyway.
  const over = now >= order.expiresAt;
  if (over && same === undefined) return replaces.map(withdraw);
  if (over || (trusted && now > Math.min(order.latestStartAt, order.hardEndAt)))
    return told ? replaces.map(withdraw) : [{ kind: 'miss', slot, code: 'order.too_late', replaces }];
  const code = refusal(slot);
  if (code !== null) return [{ kind: 'refuse', slot, code, replaces }];
  if (same !== undefined) return [{ kind: 'resume', slot, record: same }];
  return [{ kind: 'take', slot, replaces }];
}

/** Slots with a record that no head in force names any more, or names for a later day. */
function withdrawals(ours: readonly SlotInForce[], facts: PlanFacts): PlanStep[] {
  const named = new Map(ours.map((slot) => [slot.order.broadcastId, slot]));
  const known = new Set(facts.records.map(({ hash }) => hash));
  return facts.records.flatMap((record): PlanStep[] => {
    if (record.origin !== 'plan' || record.phase === 'done') return [];
    const slot = named.get(record.broadcastId);
    if (slot === undefined) {
      if (!facts.unsure.has(record.scope ?? '')) return [withdraw(record)];
      const lapsed = facts.now >= record.expiresAt && !facts.underWay.has(record.hash);
      return lapsed ? [{ kind: 'lapse', record }] : [];
    }
    if (slot.hash === record.hash || hasBegun(record)) return [];
    // Put off: until its day comes near it is not on its way. Or the power went before it had made way for the newer.
    const putOff = slot.order.startsAt > facts.now + SLOT_AHEAD_MS;
    return putOff || known.has(slot.hash) ? [withdraw(record)] : [];
  });
}

function withdraw(record: OrderRecord): PlanStep {
  return { kind: 'withdraw', record };
}

/** Once begun it is not begun again, whatever the plan calls it now. */
function hasBegun({ phase, plays }: OrderRecord): boolean {
  return phase === 'playing' || plays > 0;
}

/** Items are numbered in this order, and equal ones sound in it. */
function inPlanOrder({ order: a }: SlotInForce, { order: b }: SlotInForce): number {
  const place = (a.session?.position ?? 0) - (b.session?.position ?? 0);
  return a.startsAt - b.startsAt || place || a.broadcastId.localeCompare(b.broadcastId);
}

function byBroadcast(records: readonly OrderRecord[]): Map<string, OrderRecord[]> {
  const found = new Map<string, OrderRecord[]>();
  for (const record of records)
    found.set(record.broadcastId, [...(found.get(record.broadcastId) ?? []), record]);
  return found;
}
