import { isDomainError, type Targets } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { outermost } from '../areas/outermost.ts';
import { type ResolvedTargets, resolveTargets, type SpeakerIndex } from './resolve-targets.ts';

/**
 * Targets as a plan names them: what is gone or retired is left out, an area inside another one goes with that, and a speaker
 * inside one of the areas too. So no speaker finds a slot in two heads.
 */
export function planTargets(wanted: Targets, tree: AreaTree, speakers: SpeakerIndex): Targets {
  const inUse = (ids: readonly string[]) =>
    ids.filter((id) => tree.has(id) && tree.get(id).retiredAt === null);
  const areas = outermost(inUse(wanted.areas), tree).sort();
  const within = new Set(areas);
  const excluded = new Set(wanted.excludeAreas);
  const named = [...new Set(wanted.speakers)].filter((id) => {
    const speaker = speakers.get(id);
    if (speaker === undefined || !tree.has(speaker.areaId) || wanted.excludeSpeakers.includes(id))
      return false;
    const ancestry = tree.ancestry(speaker.areaId);
    return !ancestry.some((area) => within.has(area) || excluded.has(area));
  });
  return {
    areas,
    speakers: named.sort(),
    excludeAreas: [...new Set(wanted.excludeAreas)].filter((id) => tree.has(id)).sort(),
    excludeSpeakers: [...new Set(wanted.excludeSpeakers)].sort(),
  };
}

/** Who is meant by what a plan names, as things are now; nobody where nobody is left. */
export function resolvePlanned(wanted: Targets, tree: AreaTree, speakers: SpeakerIndex): ResolvedTargets {
  try {
    return resolveTargets(planTargets(wanted, tree, speakers), tree, speakers);
  } catch (error) {
    if (!isDomainError(error, 'broadcast.no_targets')) throw error;
    return { speakerIds: [], areaIds: new Set(), orders: [] };
  }
}
