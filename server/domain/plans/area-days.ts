import { MAX_PLAN_DOCUMENT_BYTES, type PlanHead, type Scope, sha256, writePlanDocument } from '#protocols';
import type { StoredDocument, StoredSlot } from './plan.ts';
import { bySlotOrder } from './slot-book.ts';
import { linesFor, scopeOfKey } from './slot-line.ts';
import type { Turns } from './turns.ts';

/** Where area-day documents are fetched, below the controller's address. */
export const PLAN_PATH = '/api/v1/plans';

/** Room for a document's header line. */
const HEADER_BYTES = 512;

/** A slot in the line of one scope. */
interface DayLine {
  readonly slot: StoredSlot;
  readonly line: string;
}

/** The documents of one scope, as a head names them, by day. */
export interface ScopeDocuments {
  readonly scope: Scope;
  readonly documents: PlanHead['documents'];
}

export interface AreaDays {
  /** By key of the scope. */
  readonly scopes: ReadonlyMap<string, ScopeDocuments>;
  readonly bodies: ReadonlyMap<string, string>;
}

/**
 * The area-day documents of these slots: each lies, in its scopes, in the document of the local day on which it begins. The same
 * slots give the same bytes. In steps that hold nobody up.
 */
export async function writeAreaDays(
  slots: readonly StoredSlot[],
  /** The local day of a slot there; null when it is over and of a day before this one: it is left out. */
  dayOf: (scope: Scope, slot: StoredSlot) => string | null,
  turns: Turns,
): Promise<AreaDays> {
  const byScope = new Map<string, Map<string, DayLine[]>>();
  for (const slot of slots) {
    for (const [key, line] of linesFor(slot)) {
      const day = dayOf(scopeOfKey(key), slot);
      if (day === null) continue;
      const days = byScope.get(key) ?? new Map<string, DayLine[]>();
      byScope.set(key, days);
      const lines = days.get(day) ?? [];
      days.set(day, lines);
      lines.push({ slot, line });
    }
    await turns.take();
  }
  const scopes = new Map<string, ScopeDocuments>();
  const bodies = new Map<string, string>();
  for (const [key, days] of byScope) {
    const scope = scopeOfKey(key);
    const documents: PlanHead['documents'][number][] = [];
    for (const [day, lines] of [...days].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const part of parts(lines.sort((a, b) => bySlotOrder(a.slot, b.slot)))) {
        const bytes = writePlanDocument({ scope, day }, part);
        const hash = sha256(bytes);
        documents.push({ day, sha256: hash, bytes: bytes.length, path: `${PLAN_PATH}/${hash}` });
        bodies.set(hash, bytes.toString('utf8'));
        await turns.take();
      }
    scopes.set(key, { scope, documents });
  }
  return { scopes, bodies };
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

/** The documents that are new, to be stored. */
export function newDocuments(
  { bodies }: AreaDays,
  hashes: Iterable<string>,
  known: ReadonlySet<string>,
  createdAt: number,
): StoredDocument[] {
  return [...new Set(hashes)].flatMap((hash) => {
    const body = bodies.get(hash);
    return body === undefined || known.has(hash) ? [] : [{ sha256: hash, body, createdAt }];
  });
}
