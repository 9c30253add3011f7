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
