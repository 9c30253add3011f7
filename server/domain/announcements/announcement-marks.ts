import type { AreaTree } from '../areas/area.ts';
import type { Announcement } from './announcement.ts';
import { missingIn } from './approval-areas.ts';
import { saidTo } from './decisions.ts';
import type { OpenMark } from './mark.ts';

/**
 * Where an announcement waits in this tree, wherever loudspeakers stand: so nothing has to be looked at anew when one comes or goes. What `openIn` finds is among
 * these areas, and is in the marks that are `parted` only where a loudspeaker in use stands right in that area.
 */
export function openMarks(announcement: Announcement, tree: AreaTree): OpenMark[] {
  if (!mayWait(announcement, tree)) return [];
  const { meant, allowance, carried } = saidTo(announcement, tree);
  const missing = (hasSpeakers: boolean) =>
    missingIn(meant, allowance, {
      tree,
      areaOfSpeaker: () => undefined,
      hasSpeakers: () => hasSpeakers,
    });
  const asked = new Set([...missing(false), ...carried]);
  const parted = missing(true).filter((areaId) => !asked.has(areaId));
  return [
    ...Array.from(asked, (areaId): OpenMark => ({ areaId, kind: 'asked' })),
    ...parted.map((areaId): OpenMark => ({ areaId, kind: 'parted' })),
  ];
}

/** What is handed in waits. What is approved for somewhere may wait elsewhere where it says for whom it is meant, or its area became part of another. */
export function mayWait({ state, forAreas, areaId }: Announcement, tree: AreaTree): boolean {
  if (state !== 'approved') return state === 'submitted';
  return forAreas.length > 0 || (tree.has(areaId) && (tree.get(areaId).mergedInto ?? null) !== null);
}

/** The areas for which lists find an announcement: of its station, and those that it names. */
export function namedAreas({ areaId, forAreas }: Pick<Announcement, 'areaId' | 'forAreas'>): string[] {
  return [...new Set([areaId, ...forAreas])];
}
