import type { Instant } from '#kit';
import type { Stores } from '../unit-of-work.ts';
import type { StoredSlot } from './plan.ts';

/** Slots that begin up to so long ago stay in memory: a day's documents, and whatever may still start late. */
const KEPT_MS = 3 * 24 * 3_600_000;

/** The slots of the present plan in memory. One process owns the database, so what it committed is what there is. */
export class SlotBook {
  readonly #slots = new Map<string, StoredSlot>();
  #version = 0;

  /** Another one after every change. */
  get version(): number {
    return this.#version;
  }

  /** Reads everything from three days before `from` on. */
  async load(read: Pick<Stores, 'plans'>, from: Instant): Promise<void> {
    this.#slots.clear();
    for (const slot of await read.plans.slots(from - KEPT_MS, Number.MAX_SAFE_INTEGER))
      this.#slots.set(slot.broadcastId, slot);
  }

  get(broadcastId: string): StoredSlot | undefined {
    return this.#slots.get(broadcastId);
  }

  /** Takes in slots after their commit. */
  put(slots: Iterable<StoredSlot>): void {
    this.#version += 1;
    for (const slot of slots) this.#slots.set(slot.broadcastId, slot);
  }

  all(): IterableIterator<StoredSlot> {
    return this.#slots.values();
  }

  /** Those in force that begin in [from, to), by start. */
  between(from: Instant, to: Instant): StoredSlot[] {
    return [...this.#slots.values()]
      .filter(({ startsAt, withdrawnAt }) => withdrawnAt === null && startsAt >= from && startsAt < to)
      .sort(bySlotOrder);
  }

  /** Forgets what is long over and has its broadcast, or was taken out. */
  expire(now: Instant): void {
    for (const { broadcastId, startsAt, expiresAt, issuedAt, withdrawnAt } of this.#slots.values())
      if ((issuedAt ?? withdrawnAt) !== null && startsAt < now - KEPT_MS && expiresAt < now)
        this.#slots.delete(broadcastId);
  }

  get size(): number {
    return this.#slots.size;
  }
}

/** By start, then place in the session, then id: the order of a document. */
export function bySlotOrder(
  a: Pick<StoredSlot, 'startsAt' | 'position' | 'broadcastId'>,
  b: Pick<StoredSlot, 'startsAt' | 'position' | 'broadcastId'>,
): number {
  return (
    a.startsAt - b.startsAt ||
    a.position - b.position ||
    (a.broadcastId < b.broadcastId ? -1 : a.broadcastId > b.broadcastId ? 1 : 0)
  );
}
