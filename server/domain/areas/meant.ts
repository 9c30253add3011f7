import type { Targets } from '#protocols';
import type { AreaTree } from './area.ts';
import { outermost } from './outermost.ts';
import type { Territory } from './territory.ts';

/** Every area in use in which a loudspeaker would be meant by these targets, those without any too. */
export function areasMeant(
  targets: Targets,
  { tree, areaOfSpeaker }: Pick<Territory, 'tree' | 'areaOfSpeaker'>,
): ReadonlySet<string> {
  const within = (ids: readonly string[]) =>
    new Set(ids.filter((id) => tree.has(id)).flatMap((id) => [...tree.within(id)]));
  const excluded = within(targets.excludeAreas);
  const named = targets.speakers
    .filter((id) => !targets.excludeSpeakers.includes(id))
    .flatMap((id) => areaOfSpeaker(id) ?? []);
  const meant = [...within(targets.areas), ...named.filter((id) => tree.has(id))];
  return new Set(meant.filter((id) => !excluded.has(id) && tree.get(id).retiredAt === null));
}

/** What lies below these areas and is none of them, the widest such areas. */
export function leftOut(meant: readonly string[], tree: AreaTree): string[] {
  const known = new Set(meant);
  const below = outermost(meant, tree).flatMap((id) => [...tree.within(id)]);
  return outermost(
    below.filter((id) => !known.has(id)),
    tree,
  );
}
