import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Instant } from '#kit';
import type { Stores } from '../unit-of-work.ts';
import type { StoredSlot } from './plan.ts';

/** Slots that begin up to so long ago stay in memory: a day's documents, and whatever may still start late. */
const KEPT_MS = 3 * 24 * 3_600_000;

/** Slots taken in without a turn in between. */
const SLOTS_AT_ONCE = 2_000;

/** The slots of one series, by broadcast id. */
interface SeriesSlots {
  readonly slots: Map<string, StoredSlot>;
  version: number;
}

/** The slots of the present plan in memory. One process owns the database, so what it committed is what there is. */
export class SlotBook {
  readonly #slots = new Map<string, StoredSlot>();
  readonly #series = new Map<string, SeriesSlots>();
  #version = 0;
  #compiledAt: Instant | null = null;

  /** When the schedules were last compiled into it, by the wall clock of then; null before the first time. */
  get compiledAt(): Instant | null {
    return this.#compiledAt;
  }

  /** Everything that the schedules asked for at this instant is committed. */
  compiled(at: Instant): void {
    this.#compiledAt = Math.floor(at);
  }

  /** Another one after every change. */
  get version(): number {
    return this.#version;
  }

  /** Reads everything from three days before `from` on. */
  async load(read: Pick<Stores, 'plans'>, from: Instant): Promise<void> {
    this.#slots.clear();
    this.#series.clear();
    const slots = await read.plans.slots(from - KEPT_MS, Number.MAX_SAFE_INTEGER);
    for (let at = 0; at < slots.length; at += SLOTS_AT_ONCE) {
      this.put(slots.slice(at, at + SLOTS_AT_ONCE));
      await nextTurn();
    }
  }

  get(broadcastId: string): StoredSlot | undefined {
    return this.#slots.get(broadcastId);
  }

  /** Takes in slots after their commit. */
  put(slots: Iterable<StoredSlot>): void {
    this.#version += 1;
    for (const slot of slots) {
      this.#slots.set(slot.broadcastId, slot);
      const series = this.#series.get(slot.seriesId) ?? { slots: new Map(), version: 0 };
      this.#series.set(slot.seriesId, series);
      series.slots.set(slot.broadcastId, slot);
      series.version = this.#version;
    }
  }

  /** Of which series there are any. */
  series(): IterableIterator<string> {
    return this.#series.keys();
  }

  /** The slots of a series: broadcast ids of one never are of another. */
  ofSeries(seriesId: string): Iterable<StoredSlot> {
    return this.#series.get(seriesId)?.slots.values() ?? [];
  }

  /** Another one after every change of a slot of this series; 0 without any. */
  versionOf(seriesId: string): number {
    return this.#series.get(seriesId)?.version ?? 0;
  }

  /** Those in force that begin in [from, to), by start. */
  between(from: Instant, to: Instant): StoredSlot[] {
    const found: StoredSlot[] = [];
    for (const slot of this.#slots.values())
      if (slot.withdrawnAt === null && slot.startsAt >= from && slot.startsAt < to) found.push(slot);
    return found.sort(bySlotOrder);
  }

  /** Forgets what is long over and has its broadcast, or was taken out. */
  expire(now: Instant): void {
    this.#version += 1;
    for (const {
      broadcastId,
      seriesId,
      startsAt,
      expiresAt,
      issuedAt,
      withdrawnAt,
    } of this.#slots.values()) {
      if ((issuedAt ?? withdrawnAt) === null || startsAt >= now - KEPT_MS || expiresAt >= now) continue;
      this.#slots.delete(broadcastId);
      const series = this.#series.get(seriesId);
      series?.slots.delete(broadcastId);
      if (series?.slots.size === 0) this.#series.delete(seriesId);
      else if (series !== undefined) series.version = this.#version;
    }
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
