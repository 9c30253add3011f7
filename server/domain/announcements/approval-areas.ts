import type { Targets } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import type { Territory } from '../areas/territory.ts';
import type { Announcement } from './announcement.ts';

/** Leave to sound in areas and below them, but neither in `except` nor below. */
export interface Leave {
  readonly areas: readonly string[];
  readonly except: readonly string[];
}

/** Where something may sound: somewhere that a leave is for, and nowhere that is closed. */
export interface Allowance {
  readonly leaves: readonly Leave[];
  /** Areas that are closed with all below them, whatever the leaves say. */
  readonly closed: readonly string[];
}

/** Targets without those that nobody has allowed. */
export interface Narrowed {
  /** Null: nothing is left. The targets themselves where nothing was taken away. */
  readonly targets: Targets | null;
  /** Where it is not allowed, the widest such areas. */
  readonly missing: readonly string[];
}

/** The areas that an announcement is meant for, as they are now: in place of one that was merged the area that took it in, whose leader is asked from then on. */
export function meantAreas(
  { forAreas, areaId }: Pick<Announcement, 'forAreas' | 'areaId'>,
  tree: AreaTree,
): readonly string[] {
  const named = forAreas.length === 0 ? [areaId] : forAreas;
  return [...new Set(named.map((id) => areaNow(id, tree)))];
}

/** The area that this one is part of since it was merged, or itself. A loop in the data ends where it closes. */
export function areaNow(id: string, tree: AreaTree): string {
  const seen = new Set<string>();
  for (let at = id; ; ) {
    const into = tree.has(at) ? tree.get(at).mergedInto : null;
    if (into === null || into === undefined || seen.has(at)) return at;
    seen.add(at);
    at = into;
  }
}

/** What the leaders' own decisions allow. */
export function allowanceOf({ decisions }: Pick<Announcement, 'decisions'>): Allowance {
  const of = (yes: boolean) =>
    decisions.filter(({ verdict }) => (verdict === 'approved') === yes).map(({ areaId }) => areaId);
  return { leaves: [{ areas: of(true), except: [] }], closed: of(false) };
}

/** Whether it may sound in an area. */
export function isAllowedIn({ leaves, closed }: Allowance, areaId: string, tree: AreaTree): boolean {
  if (!tree.has(areaId)) return false;
  const ancestry = tree.ancestry(areaId);
  const above = (ids: readonly string[]) => ids.length > 0 && ancestry.some((id) => ids.includes(id));
  return !above(closed) && leaves.some(({ areas, except }) => above(areas) && !above(except));
}

/** Where in these areas it is not allowed, the widest such areas. */
export function missingIn(
  areaIds: readonly string[],
  allowance: Allowance,
  territory: Territory,
): readonly string[] {
  const targets = { areas: [...areaIds], speakers: [], excludeAreas: [], excludeSpeakers: [] };
  return narrow(targets, allowance, territory).missing;
}

/** Where in these areas it is allowed, the widest such areas. */
export function soundingIn(
  areaIds: readonly string[],
  allowance: Allowance,
  territory: Territory,
): readonly string[] {
  const { tree } = territory;
  const targets = {
    ...{ areas: areaIds.filter((id) => tree.has(id)), speakers: [] },
    ...{ excludeAreas: [], excludeSpeakers: [] },
  };
  return narrow(targets, allowance, territory).targets?.areas ?? [];
}

/**
 * What of these targets is allowed. What lies below an area that has to be left out of a wider one is left out with it, for an order says no
 * more than "here, but not there".
 */
export function narrow(targets: Targets, allowance: Allowance, territory: Territory): Narrowed {
  const walk = new Walk(targets, allowance, territory);
  for (const id of targets.areas) walk.include(id);
  const speakers = targets.speakers.filter((id) => walk.speaker(id));
  const missing = [...new Set(walk.missing)];
  const { areas, excluded, parted } = walk;
  if (missing.length === 0 && !parted) return { targets, missing };
  if (areas.length + speakers.length === 0) return { targets: null, missing };
  const excludeAreas = [...new Set([...targets.excludeAreas, ...excluded])];
  return { targets: { ...targets, areas: [...new Set(areas)], speakers, excludeAreas }, missing };
}

/** Whether an area lies in another one, or is it. */
export function within(id: string, areaId: string, { tree }: Pick<Territory, 'tree'>): boolean {
  return tree.has(id) && tree.ancestry(id).includes(areaId);
}

/** Whether one of two areas lies in the other. */
export function overlap(one: string, other: string, here: Pick<Territory, 'tree'>): boolean {
  return within(one, other, here) || within(other, one, here);
}

/** The areas above these and below them: what is meant for an area concerns who answers above it or below it. */
export function related(areaIds: readonly string[], { tree }: Territory): string[] {
  const all = areaIds
    .filter((id) => tree.has(id))
    .flatMap((id) => [...tree.ancestry(id), ...tree.within(id)]);
  return [...new Set(all)];
}

/** One way down the tree. */
class Walk {
  readonly areas: string[] = [];
  readonly excluded: string[] = [];
  readonly missing: string[] = [];
  /** A wide area is allowed in what lies below it alone: whoever comes to lie right in it is not meant. */
  parted = false;
  readonly #targets: Targets;
  readonly #allowance: Allowance;
  readonly #territory: Territory;
  /** Every area above, or at, one that is allowed by name; and one that is closed by name. */
  readonly #aboveAllowed: ReadonlySet<string>;
  readonly #aboveClosed: ReadonlySet<string>;

  constructor(targets: Targets, allowance: Allowance, territory: Territory) {
    this.#targets = targets;
    this.#allowance = allowance;
    this.#territory = territory;
    const { tree } = territory;
    const above = (ids: readonly string[]) =>
      new Set(ids.flatMap((id) => (tree.has(id) ? tree.ancestry(id) : [])));
    const { leaves, closed } = allowance;
    this.#aboveAllowed = above(leaves.flatMap(({ areas }) => areas));
    this.#aboveClosed = above([...closed, ...leaves.flatMap(({ except }) => except)]);
  }

  include(id: string): void {
    if (!this.#counts(id)) return;
    const allowed = this.#allowed(id);
    if (!allowed && !this.#aboveAllowed.has(id)) {
      this.missing.push(id);
      return;
    }
    if (allowed) {
      this.areas.push(id);
      // Nothing below can be closed.
      if (this.#aboveClosed.has(id)) for (const child of this.#childrenOf(id)) this.#exclude(child);
      return;
    }
    this.parted = true;
    if (this.#territory.hasSpeakers(id)) this.missing.push(id);
    for (const child of this.#childrenOf(id)) this.include(child);
  }

  speaker(id: string): boolean {
    const areaId = this.#territory.areaOfSpeaker(id);
    // Whoever is not in use hears nothing anyway.
    if (areaId === undefined || this.#allowed(areaId)) return true;
    this.missing.push(areaId);
    return false;
  }

  #exclude(id: string): void {
    if (!this.#counts(id)) return;
    if (!this.#allowed(id)) {
      this.excluded.push(id);
      this.missing.push(id);
    } else if (this.#aboveClosed.has(id)) for (const child of this.#childrenOf(id)) this.#exclude(child);
  }

  #allowed(id: string): boolean {
    return isAllowedIn(this.#allowance, id, this.#territory.tree);
  }

  #childrenOf(id: string): readonly string[] {
    return this.#territory.tree.childrenOf(id);
  }

  /** What is gone, dissolved or left out anyway needs no leave. */
  #counts(id: string): boolean {
    const { tree } = this.#territory;
    return tree.has(id) && tree.get(id).retiredAt === null && !this.#targets.excludeAreas.includes(id);
  }
}
