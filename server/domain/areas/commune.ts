import type { AreaTree } from './area.ts';
import { outermost } from './outermost.ts';
import type { Territory } from './territory.ts';

/** What a commune is called: kinds are data, and these are the words of the law for the level whose chairman answers for a station. */
const COMMUNE_KINDS = ['xã', 'phường', 'thị trấn', 'đặc khu'];

/**
 * Whether areas go beyond one commune: they lie in more than one, or loudspeakers of them stand in an area above all communes. A territory in
 * which no area is called a commune counts as one.
 */
export function isBeyondCommune(areaIds: Iterable<string>, { tree, hasSpeakers }: Territory): boolean {
  const communes = new Set<string>();
  for (const areaId of areaIds) {
    const ancestry = tree.ancestry(areaId);
    const commune = ancestry.find((id) => isCommune(tree.get(id).kind));
    if (commune !== undefined) communes.add(commune);
    else if (!hasSpeakers(areaId)) continue;
    else if ([...tree.within(ancestry[0] ?? areaId)].some((id) => isCommune(tree.get(id).kind))) return true;
    else communes.add(ancestry[0] ?? areaId);
    if (communes.size > 1) return true;
  }
  return false;
}

/** Whose people these areas concern: the widest of them, and where those lie above communes, the communes among them too. */
export function concerned(areaIds: Iterable<string>, tree: AreaTree): string[] {
  const meant = [...areaIds].filter((id) => tree.has(id));
  return [...new Set([...outermost(meant, tree), ...meant.filter((id) => isCommune(tree.get(id).kind))])];
}

function isCommune(kind: string): boolean {
  return COMMUNE_KINDS.includes(kind.normalize('NFC').trim().toLowerCase());
}
