import { DomainError } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { GRANTS, type Permission, type Role } from './roles.ts';

export type { Permission, Role } from './roles.ts';

/** A role, and the areas (with all below them) in which it is held. */
export interface Grant {
  readonly role: Role;
  readonly areas: readonly string[];
}

/** Who acts: a person or a machine, with what it may do at this moment. Made anew for each request. */
export interface Actor {
  /** Unique and never given to somebody else: audit log and four eyes tell people apart by it. */
  readonly name: string;
  /** The grants in force now: a deputy's is here only between its dates. */
  readonly grants: readonly Grant[];
  /** What a machine's token is narrowed to; everything that its grants allow where it is absent. */
  readonly scope?: readonly Permission[];
  /** Where the request came from (network address), for the audit log. */
  readonly origin?: string;
}

/** Whether the actor holds the permission in an area, by a grant for it or for one above. */
export function isAllowed(actor: Actor, permission: Permission, areaId: string, tree: AreaTree): boolean {
  if (actor.scope !== undefined && !actor.scope.includes(permission)) return false;
  return grantsIn(actor, areaId, tree).some(({ role }) => GRANTS[role].includes(permission));
}

/** The only gate. Throws `request.forbidden` unless a grant of the actor allows it and the area lies in that grant's areas. */
export function authorize(actor: Actor, permission: Permission, areaId: string, tree: AreaTree): void {
  if (isAllowed(actor, permission, areaId, tree)) return;
  throw new DomainError('request.forbidden', { actor: actor.name, permission, area: areaId });
}

/** For what holds everywhere: the actor's grant must be for a root of the territory. Throws `request.forbidden`. */
export function authorizeEverywhere(actor: Actor, permission: Permission, tree: AreaTree): void {
  const roots = areasOf(actor).filter((id) => tree.has(id) && tree.get(id).parentId === null);
  if (roots.some((id) => isAllowed(actor, permission, id, tree))) return;
  throw new DomainError('request.forbidden', {
    actor: actor.name,
    permission,
    area: areasOf(actor)[0] ?? '',
  });
}

/** For a request whose area is known later: some area in which it is allowed. Throws `request.forbidden`. */
export function authorizeSomewhere(actor: Actor, permission: Permission, tree: AreaTree): void {
  if (areasOf(actor).some((id) => isAllowed(actor, permission, id, tree))) return;
  throw new DomainError('request.forbidden', {
    actor: actor.name,
    permission,
    area: areasOf(actor)[0] ?? '',
  });
}

/** Whether the actor holds one of these roles in an area. */
export function holdsRole(actor: Actor, roles: readonly Role[], areaId: string, tree: AreaTree): boolean {
  return grantsIn(actor, areaId, tree).some(({ role }) => roles.includes(role));
}

/** Every area that a grant names, each once. */
export function areasOf(actor: Actor): readonly string[] {
  return [...new Set(actor.grants.flatMap(({ areas }) => areas))];
}

/** The actor's roles as one text, for records: "chairman", or "editor, technician". */
export function rolesOf(actor: Actor): string {
  return [...new Set(actor.grants.map(({ role }) => role))].join(', ');
}

function grantsIn(actor: Actor, areaId: string, tree: AreaTree): readonly Grant[] {
  if (!tree.has(areaId)) return [];
  const ancestry = tree.ancestry(areaId);
  return actor.grants.filter(({ areas }) => ancestry.some((id) => areas.includes(id)));
}
