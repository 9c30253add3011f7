import { DomainError } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { namesOf } from '../areas/area-names.ts';
import type { Announcement } from './announcement.ts';
import { allowanceOf } from './approval-areas.ts';

/**
 * Why an emergency sounds nowhere by the word of people who stand for it: leaders said no to it, or to what it was before. Names their areas. `missing`: where
 * it was to sound.
 */
export function refusedThere(
  announcement: Pick<Announcement, 'id' | 'decisions'>,
  missing: readonly string[],
  tree: AreaTree,
): DomainError {
  const within = (id: string, areaId: string) => tree.has(id) && tree.ancestry(id).includes(areaId);
  const refused = allowanceOf(announcement).closed.filter((one) =>
    missing.some((id) => within(id, one) || within(one, id)),
  );
  return new DomainError('emergency.refused_there', {
    id: announcement.id,
    areas: namesOf(refused, tree),
  });
}
