import { type AreaView, DomainError } from '#protocols';
import type { AreaTree } from './area.ts';
import { outermost } from './outermost.ts';
import type { Territory } from './territory.ts';

/** What a commune is called: kinds are data, and these are the words of the law for the level whose chairman answers for a station. */
const COMMUNE_KINDS = ['xã', 'phường', 'thị trấn', 'đặc khu'];
/** The same as they stand in addresses. No other level is shortened so ("TX." is a town of the province, "TP." a city), and whom it takes in needs a second person, never less. */
const SHORT_KINDS: ReadonlyMap<string, string> = new Map([
  ['x.', 'xã'],
  ['p.', 'phường'],
  ['tt.', 'thị trấn'],
]);

/**
 * Whether areas go beyond one commune: they lie in more than one, or loudspeakers of them stand in an area above all communes. A territory in
 * which no area in use is called a commune counts as one; what was dissolved or merged counts nowhere.
 */
export function isBeyondCommune(areaIds: Iterable<string>, { tree, hasSpeakers }: Territory): boolean {
  const communes = new Set<string>();
  for (const areaId of areaIds) {
    if (!isInUse(areaId, tree)) continue;
    const ancestry = tree.ancestry(areaId);
    const commune = ancestry.find((id) => isCommuneNow(id, tree));
    if (commune !== undefined) communes.add(commune);
    else if (!hasSpeakers(areaId)) continue;
    else if ([...tree.within(ancestry[0] ?? areaId)].some((id) => isCommuneNow(id, tree))) return true;
    else communes.add(ancestry[0] ?? areaId);
    if (communes.size > 1) return true;
  }
  return false;
}

/** Whose people these areas concern: the widest of them, and where those lie above communes, the communes among them too. */
export function concerned(areaIds: Iterable<string>, tree: AreaTree): string[] {
  const meant = [...areaIds].filter((id) => tree.has(id));
  return [...new Set([...outermost(meant, tree), ...meant.filter((id) => isCommuneNow(id, tree))])];
}

/** Why two persons are not asked for as the law has it, where the kinds of areas do not say what is a commune; null: they do. */
export interface CommuneDoubt {
  /** No area at all is called a commune: all of it counts as one. Or loudspeakers stand where none of the areas above is called one. */
  readonly kind: 'none' | 'outside';
  /** Where, the widest such areas. */
  readonly areas: readonly string[];
}

/** What is in doubt in a territory. */
export function communeDoubt({ tree, hasSpeakers }: Territory): CommuneDoubt | null {
  const inUse = [...tree.ids()].filter((id) => isInUse(id, tree));
  if (!inUse.some((id) => isCommuneNow(id, tree))) return { kind: 'none', areas: outermost(inUse, tree) };
  const lost = inUse.filter(
    (id) => hasSpeakers(id) && !tree.ancestry(id).some((one) => isCommuneNow(one, tree)),
  );
  return lost.length === 0 ? null : { kind: 'outside', areas: outermost(lost, tree) };
}

/** What an area is to the rule of two persons (`AreaView.level`), and the area whose station speaks there. */
export interface Place {
  readonly level: AreaView['level'];
  readonly station: string;
}

const places = new WeakMap<AreaTree, ReadonlyMap<string, Place>>();

/** The place of an area. A tree never changes, so its places are found once. Throws `request.not_found`. */
export function placeOf(areaId: string, tree: AreaTree): Place {
  let found = places.get(tree);
  if (found === undefined) {
    found = findPlaces(tree);
    places.set(tree, found);
  }
  const place = found.get(areaId);
  if (place === undefined) throw new DomainError('request.not_found', { what: 'area', id: areaId });
  return place;
}

function findPlaces(tree: AreaTree): Map<string, Place> {
  const found = new Map<string, Place>();
  const above = new Set<string>();
  const rest: { readonly id: string; readonly widest: string }[] = [];
  for (const id of tree.ids()) {
    const ancestry = tree.ancestry(id);
    const commune = ancestry.find((one) => isCommune(tree.get(one).kind));
    if (commune === undefined) rest.push({ id, widest: ancestry[0] ?? id });
    else found.set(id, { level: commune === id ? 'commune' : 'inside', station: commune });
    // What is no more divides nothing above it; it keeps its own place, in which its records were made.
    if (commune === id && isInUse(id, tree)) for (const one of ancestry) if (one !== id) above.add(one);
  }
  for (const { id, widest } of rest) {
    const level = above.has(id) ? 'above' : above.has(widest) ? 'outside' : 'whole';
    found.set(id, { level, station: level === 'above' ? id : widest });
  }
  return found;
}

/** How many communes there are in an area, itself included; none that was dissolved or merged. */
export function communesIn(areaId: string, tree: AreaTree): number {
  return [...tree.within(areaId)].filter((id) => isInUse(id, tree) && placeOf(id, tree).level === 'commune')
    .length;
}

function isInUse(id: string, tree: AreaTree): boolean {
  return tree.get(id).retiredAt === null;
}

/** Whether an area in use is called a commune. */
function isCommuneNow(id: string, tree: AreaTree): boolean {
  return isInUse(id, tree) && isCommune(tree.get(id).kind);
}

/** The kind as one compares it: composed, in small letters, single blanks. */
function isCommune(kind: string): boolean {
  const word = kind.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
  return COMMUNE_KINDS.includes(SHORT_KINDS.get(word) ?? word);
}
