import type { Instant } from '#kit';
import {
  MAX_PLAN_DOCUMENT_BYTES,
  type PlanHead,
  type Scope,
  scopeOfKey,
  sha256,
  writePlanDocument,
} from '#protocols';
import { dayOf, formatDay } from '../calendar/day-number.ts';
import { localDayNumber } from '../policies/zoned-time.ts';
import type { Turns } from '../turns.ts';
import type { StoredDocument, StoredSlot } from './plan.ts';
import { bySlotOrder } from './slot-book.ts';
import { linesFor } from './slot-line.ts';

/** Where area-day documents are fetched, below the controller's address. */
export const PLAN_PATH = '/api/v1/plans';

/** Room for a document's header line. */
const HEADER_BYTES = 512;

/** A slot in the line of one scope. */
interface DayLine {
  readonly slot: StoredSlot;
  readonly line: string;
}

type Documents = PlanHead['documents'];

/** The slots of one scope on one local day, and the documents that they were written into; null: to be written anew. */
interface AreaDay {
  readonly lines: Map<string, DayLine>;
  /** Those of past days that are over are left out: so many lines are in the documents. */
  written: number;
  documents: Documents | null;
}

/** The documents of one scope, as a head names them, by day. */
export interface ScopeDocuments {
  readonly scope: Scope;
  readonly documents: Documents;
}

interface Placed {
  readonly line: string;
  readonly days: readonly { readonly key: string; readonly day: number }[];
}

/** The slots of a series as they were placed. */
interface PlacedSeries {
  readonly slots: readonly StoredSlot[];
  readonly placed: ReadonlyMap<string, Placed>;
}

/**
 * The area-day documents of the plan: each slot lies, in its scopes, in the document of the local day on which it begins. The same slots
 * give the same bytes. Kept from one time to the next: only days in which a slot changed are written again.
 */
export class AreaDays {
  readonly #series = new Map<string, PlacedSeries>();
  readonly #scopes = new Map<string, Map<number, AreaDay>>();
  readonly #zones = new Map<string, string | null>();
  /** Documents that are not stored yet, by hash. */
  readonly #unsaved = new Map<string, string>();

  /**
   * Takes in every slot in force, by series: of a series with the same array as before nothing changed. `zoneOf` gives the zone of a scope; null where that is gone. `stored`: whether a document of this hash
   * is kept already. In steps that hold nobody up.
   */
  async update(
    inForce: ReadonlyMap<string, readonly StoredSlot[]>,
    now: Instant,
    zoneOf: (scope: Scope) => string | null,
    stored: (sha256: string) => boolean,
    turns: Turns,
  ): Promise<ReadonlyMap<string, ScopeDocuments>> {
    for (const [key, zone] of this.#zones)
      if (zoneOf(scopeOfKey(key)) !== zone) {
        this.forget();
        break;
      }
    for (const [seriesId, slots] of inForce) {
      const before = this.#series.get(seriesId);
      if (before?.slots === slots) continue;
      const placed = new Map<string, Placed>();
      for (const slot of slots) {
        if (turns.due) await turns.turn();
        const place = before?.placed.get(slot.broadcastId);
        placed.set(slot.broadcastId, place?.line === slot.line ? place : this.#place(slot, place, zoneOf));
      }
      for (const [broadcastId, place] of before?.placed ?? [])
        if (!placed.has(broadcastId)) this.#take(broadcastId, place);
      this.#series.set(seriesId, { slots, placed });
    }
    for (const [seriesId, { placed }] of this.#series)
      if (!inForce.has(seriesId)) {
        for (const [broadcastId, place] of placed) this.#take(broadcastId, place);
        this.#series.delete(seriesId);
      }
    return this.#write(now, stored, turns);
  }

  /** Begins anew: the next time everything is written. */
  forget(): void {
    this.#series.clear();
    this.#scopes.clear();
    this.#zones.clear();
  }

  /** Those of these documents that are not stored yet. */
  unsaved(hashes: Iterable<string>, createdAt: number): StoredDocument[] {
    return [...new Set(hashes)].flatMap((hash) => {
      const body = this.#unsaved.get(hash);
      return body === undefined ? [] : [{ sha256: hash, body, createdAt }];
    });
  }

  /** What the last update wrote is stored now, as far as any head names it. */
  saved(): void {
    this.#unsaved.clear();
  }

  #place(slot: StoredSlot, before: Placed | undefined, zoneOf: (scope: Scope) => string | null): Placed {
    if (before !== undefined) this.#take(slot.broadcastId, before);
    const days: { key: string; day: number }[] = [];
    for (const [key, line] of linesFor(slot)) {
      let zone = this.#zones.get(key);
      if (zone === undefined) {
        zone = zoneOf(scopeOfKey(key));
        this.#zones.set(key, zone);
      }
      if (zone === null) continue;
      const day = localDayNumber(zone, slot.startsAt);
      days.push({ key, day });
      this.#dayOf(key, day).lines.set(slot.broadcastId, { slot, line });
    }
    return { line: slot.line, days };
  }

  #take(broadcastId: string, { days }: Placed): void {
    for (const { key, day } of days) this.#dayOf(key, day).lines.delete(broadcastId);
  }

  /** A day that is about to change. */
  #dayOf(key: string, day: number): AreaDay {
    let days = this.#scopes.get(key);
    if (days === undefined) {
      days = new Map();
      this.#scopes.set(key, days);
    }
    let found = days.get(day);
    if (found === undefined) {
      found = { lines: new Map(), written: 0, documents: null };
      days.set(day, found);
    }
    found.documents = null;
    return found;
  }

  async #write(
    now: Instant,
    stored: (sha256: string) => boolean,
    turns: Turns,
  ): Promise<ReadonlyMap<string, ScopeDocuments>> {
    const scopes = new Map<string, ScopeDocuments>();
    for (const [key, days] of this.#scopes) {
      const scope = scopeOfKey(key);
      const today = localDayNumber(this.#zones.get(key) ?? '', now);
      const documents: Documents = [];
      for (const [number, day] of [...days].sort(([a], [b]) => a - b)) {
        if (turns.due) await turns.turn();
        if (day.lines.size === 0) {
          days.delete(number);
          continue;
        }
        const past = number < today;
        const written = day.documents !== null && (!past || day.written === countLeft(day, now));
        if (!written) {
          const lines = [...day.lines.values()].filter(({ slot }) => !past || slot.expiresAt > now);
          day.documents = await this.#writeDay(scope, number, lines, stored, turns);
          day.written = lines.length;
        }
        documents.push(...(day.documents ?? []));
      }
      scopes.set(key, { scope, documents });
    }
    return scopes;
  }

  async #writeDay(
    scope: Scope,
    number: number,
    lines: readonly DayLine[],
    stored: (sha256: string) => boolean,
    turns: Turns,
  ): Promise<Documents> {
    const day = formatDay(dayOf(number));
    const documents: Documents = [];
    if (lines.length === 0) return documents;
    for (const part of parts([...lines].sort((a, b) => bySlotOrder(a.slot, b.slot)))) {
      const bytes = writePlanDocument({ scope, day }, part);
      const hash = sha256(bytes);
      documents.push({ day, sha256: hash, bytes: bytes.length, path: `${PLAN_PATH}/${hash}` });
      if (!stored(hash)) this.#unsaved.set(hash, bytes.toString('utf8'));
      await turns.take();
    }
    return documents;
  }
}

/** Lines of a past day that are not over yet. */
function countLeft({ lines }: AreaDay, now: Instant): number {
  let left = 0;
  for (const { slot } of lines.values()) if (slot.expiresAt > now) left += 1;
  return left;
}

/** A day that is too much for one document goes into several. */
function parts(lines: readonly DayLine[]): DayLine[][] {
  const found: DayLine[][] = [[]];
  let bytes = HEADER_BYTES;
  for (const line of lines) {
    const length = Buffer.byteLength(line.line) + 1;
    if (bytes + length > MAX_PLAN_DOCUMENT_BYTES) {
      found.push([]);
      bytes = HEADER_BYTES;
    }
    bytes += length;
    found.at(-1)?.push(line);
  }
  return found;
}
