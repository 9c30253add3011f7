import type { Capacity } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { type Actor, holdsRole, type Permission, permissionsOf } from './actor.ts';
import { LEADERS } from './roles.ts';

/**
 * In which capacity a leader uses a permission in these areas at this moment: as the chairman where a chairman's grant lets him in each of them, for the
 * chairman ("KT. CHỦ TỊCH") where in some of them only a deputy's does. Null: in some of them he is neither, or there are none.
 */
export function capacityOf(
  actor: Actor,
  permission: Permission,
  areaIds: readonly string[],
  tree: AreaTree,
): Capacity | null {
  const roles = areaIds.map((id) =>
    LEADERS.find(
      (role) => permissionsOf(actor, role).includes(permission) && holdsRole(actor, [role], id, tree),
    ),
  );
  if (roles.length === 0 || roles.includes(undefined)) return null;
  return roles.includes('deputy') ? 'deputy' : 'chairman';
}
