import { type PlayOrder, type Scope, scopeOfKey, type Targets } from '#protocols';
import type { StoredSlot } from './plan.ts';
import type { SlotDraft } from './slot-draft.ts';

/** The line of a slot with all its targets, under a revision that was signed at `issuedAt`. */
export function wholeLine(
  { broadcastId, order, targets }: SlotDraft,
  revision: number,
  issuedAt: number,
): string {
  const slot: PlayOrder = {
    // As certain as the broadcast's, and its own for ever.
    id: `ord${broadcastId.slice('brc'.length)}`,
    revision,
    issuedAt,
    targets: {
      areas: [...targets.areas],
      speakers: [...targets.speakers],
      excludeAreas: [...targets.excludeAreas],
      excludeSpeakers: [...targets.excludeSpeakers],
    },
    ...order,
  };
  return JSON.stringify(slot);
}

/** The scopes whose heads name a slot with these targets: for any speaker at most one of them holds. */
export function scopesOfTargets({ areas, speakers }: Targets): Scope[] {
  return [
    ...areas.map((id): Scope => ({ kind: 'area', id })),
    ...speakers.map((id): Scope => ({ kind: 'speaker', id })),
  ];
}

/** The lines of a slot as they lie in the documents of its scopes: a speaker's own names it alone, an area's names no speakers. */
export function linesFor({ line, scopes }: Pick<StoredSlot, 'line' | 'scopes'>): Map<string, string> {
  const areas = scopes.filter((key) => key.startsWith('area.'));
  if (areas.length === scopes.length) return new Map(scopes.map((key) => [key, line]));
  const order = readLine(line);
  const lines = new Map<string, string>();
  for (const key of scopes) {
    const { kind, id } = scopeOfKey(key);
    const targets: Targets =
      kind === 'area'
        ? { ...order.targets, speakers: [] }
        : { areas: [], speakers: [id], excludeAreas: [], excludeSpeakers: [] };
    lines.set(key, JSON.stringify({ ...order, targets }));
  }
  return lines;
}

/** Reads a line that we wrote ourselves. */
export function readLine(line: string): PlayOrder {
  return JSON.parse(line) as PlayOrder;
}
