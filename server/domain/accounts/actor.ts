import { DomainError } from '#protocols';
import type { AreaTree } from '../areas/area.ts';

export const ROLES = ['administrator', 'editor', 'chairman', 'technician', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Who acts: named by a token, bound to areas (and all below them). */
export interface Actor {
  readonly name: string;
  readonly role: Role;
  readonly areas: readonly string[];
}

export const PERMISSIONS = [
  'area:read',
  'area:write',
  'speaker:read',
  'speaker:write',
  'speaker:mute',
  'speaker:provision',
  'speaker:test',
  'latch:set',
  'media:write',
  'announcement:read',
  'announcement:write',
  'announcement:approve',
  'broadcast:read',
  'broadcast:play',
  'broadcast:override',
  'broadcast:cancel',
  'journal:read',
  'schedule:read',
  'schedule:write',
  'calendar:write',
  'clock:confirm',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const READ: readonly Permission[] = [
  'area:read',
  'speaker:read',
  'announcement:read',
  'broadcast:read',
  'journal:read',
  'schedule:read',
];

/** What each role may do inside its areas. */
export const GRANTS: Readonly<Record<Role, readonly Permission[]>> = {
  // The administrator sets the system up; what is said to the village is not an administrator's business.
  administrator: [
    ...READ,
    'area:write',
    'calendar:write',
    'clock:confirm',
    'speaker:write',
    'speaker:mute',
    'speaker:provision',
    'speaker:test',
    'latch:set',
  ],
  editor: [
    ...READ,
    'speaker:mute',
    'media:write',
    'announcement:write',
    'schedule:write',
    'broadcast:play',
    'broadcast:cancel',
    'latch:set',
  ],
  chairman: [
    ...READ,
    'speaker:mute',
    'media:write',
    'announcement:write',
    'announcement:approve',
    'schedule:write',
    'broadcast:play',
    'broadcast:override',
    'broadcast:cancel',
    'latch:set',
  ],
  technician: [
    ...READ,
    'speaker:write',
    'speaker:mute',
    'speaker:provision',
    'speaker:test',
    'broadcast:cancel',
    'latch:set',
  ],
  viewer: READ,
};

/** The only gate. Throws `request.forbidden` unless the actor's role grants it and the area lies in the actor's areas. */
export function authorize(actor: Actor, permission: Permission, areaId: string, tree: AreaTree): void {
  const inReach = tree.has(areaId) && tree.ancestry(areaId).some((id) => actor.areas.includes(id));
  if (inReach && GRANTS[actor.role].includes(permission)) return;
  throw new DomainError('request.forbidden', { actor: actor.name, permission, area: areaId });
}

/** For what holds everywhere: the actor's areas must have a root of the territory among them. Throws `request.forbidden`. */
export function authorizeEverywhere(actor: Actor, permission: Permission, tree: AreaTree): void {
  const root = actor.areas.find((id) => tree.has(id) && tree.get(id).parentId === null);
  if (root === undefined) {
    const area = actor.areas[0] ?? '';
    throw new DomainError('request.forbidden', { actor: actor.name, permission, area });
  }
  authorize(actor, permission, root, tree);
}
