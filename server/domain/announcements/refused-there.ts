import { DomainError } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { namesOf } from '../areas/area-names.ts';
import type { Announcement } from './announcement.ts';
import { allowanceOf, overlap } from './approval-areas.ts';

/**
 * Why an emergency sounds nowhere by the word of people who stand for it: leaders said no to it, or to what it was before. Names their areas. `missing`: where
 * it was to sound.
 */
export function refusedThere(
  announcement: Pick<Announcement, 'id' | 'decisions'>,
  missing: readonly string[],
  tree: AreaTree,
): DomainError {
  const refused = allowanceOf(announcement).closed.filter((one) =>
    missing.some((id) => overlap(id, one, { tree })),
  );
  return new DomainError('emergency.refused_there', {
    id: announcement.id,
    areas: namesOf(refused, tree),
  });
}
