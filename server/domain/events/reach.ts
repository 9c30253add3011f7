import { type Actor, areasOf, isAllowed } from '../accounts/actor.ts';
import type { AreaTree } from '../areas/area.ts';
import type { LiveEvent } from './live-events.ts';

/**
 * Whether an event concerns somebody: who may see one of its areas, and where it names areas that it is meant for, also who answers for something below one
 * of these and not in what is left out.
 */
export function reaches({ data }: LiveEvent, actor: Actor, tree: AreaTree): boolean {
  const targets = 'targetAreas' in data ? data.targetAreas : [];
  const sees = (areaId: string) => isAllowed(actor, 'broadcast:read', areaId, tree);
  if ([data.areaId, ...targets].some(sees)) return true;
  const left = 'exceptAreas' in data ? data.exceptAreas : [];
  return areasOf(actor).some((own) => {
    if (!tree.has(own) || !sees(own)) return false;
    const ancestry = tree.ancestry(own);
    return ancestry.some((id) => targets.includes(id)) && !ancestry.some((id) => left.includes(id));
  });
}
