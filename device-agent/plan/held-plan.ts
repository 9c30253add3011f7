import { type PlanHead, type PlannedSlot, type Scope, scopeKey } from '#protocols';

/** A plan head with the exact text that was signed. */
export interface HeldHead {
  readonly document: string;
  readonly hash: string;
  readonly head: PlanHead;
}

/** What is held of one scope. */
export interface ScopePlan {
  readonly scope: Scope;
  inForce: HeldHead | undefined;
  /** A newer head whose documents are not all here yet. */
  coming: HeldHead | undefined;
}

/** A slot that a head in force names. */
export interface SlotInForce extends PlannedSlot {
  /** `scopeKey` of its head. */
  readonly scope: string;
  /** Of its head: after this its slots are silent. */
  readonly validUntil: number;
}

/** The slots of one document, by the document's hash. */
export type DocumentSlots = ReadonlyMap<string, readonly PlannedSlot[]>;

/** The slots of a scope that hold now, and whether all of its documents could be read. */
export interface ScopeSlots {
  readonly slots: readonly SlotInForce[];
  readonly whole: boolean;
}

/**
 * What a scope's plan says now. A newer head of which documents are missing cannot say yet what it still names; but a day
 * for which it names no document at all is taken back at once.
 */
export function slotsOf(plan: ScopePlan, documents: DocumentSlots): ScopeSlots {
  const { inForce, coming, scope } = plan;
  if (inForce === undefined) return { slots: [], whole: true };
  const days = coming && new Set(coming.head.documents.map(({ day }) => day));
  const named = inForce.head.documents.filter(({ day }) => days === undefined || days.has(day));
  const key = scopeKey(scope);
  const { validUntil } = inForce.head;
  const slots = named.flatMap(({ sha256 }) =>
    (documents.get(sha256) ?? []).map((slot) => ({ ...slot, scope: key, validUntil })),
  );
  return { slots, whole: named.every(({ sha256 }) => documents.has(sha256)) };
}

/** Hashes of all documents that a scope's heads name, those of the coming one first. */
export function namedBy({ inForce, coming }: ScopePlan): PlanHead['documents'] {
  const all = [...(coming?.head.documents ?? []), ...(inForce?.head.documents ?? [])];
  return [...new Map(all.map((one) => [one.sha256, one])).values()];
}

/** Everything that the heads in force say. */
export interface PlanView {
  readonly slots: readonly SlotInForce[];
  readonly byHash: ReadonlyMap<string, SlotInForce>;
  readonly byBroadcast: ReadonlyMap<string, SlotInForce>;
  /** Scopes of which a document is missing: what they do not name is not known. */
  readonly unsure: ReadonlySet<string>;
}

/** What all plans together say now, by scope. */
export function viewOf(plans: ReadonlyMap<string, ScopePlan>, documents: DocumentSlots): PlanView {
  const byBroadcast = new Map<string, SlotInForce>();
  const unsure = new Set<string>();
  for (const [key, plan] of plans) {
    const { slots, whole } = slotsOf(plan, documents);
    if (!whole) unsure.add(key);
    for (const slot of slots) {
      // Each slot lives in one head; while it moves from one to another the newer counts.
      const other = byBroadcast.get(slot.order.broadcastId);
      if (other === undefined || slot.order.revision > other.order.revision)
        byBroadcast.set(slot.order.broadcastId, slot);
    }
  }
  const slots = [...byBroadcast.values()];
  return { slots, byBroadcast, byHash: new Map(slots.map((slot) => [slot.hash, slot])), unsure };
}
