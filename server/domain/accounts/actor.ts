import { DomainError } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { GRANTS, PERSONS_ONLY, type Permission, type Role } from './roles.ts';

export type { Permission, Role } from './roles.ts';

/** A role, and the areas (with all below them) in which it is held. */
export interface Grant {
  readonly role: Role;
  readonly areas: readonly string[];
}

/** Who acts: a person or a machine, with what it may do at this moment. Made anew for each request. */
export interface Actor {
  /**
   * A person answers for what he does. A machine (the bearer of a token, the controller itself) never does what only a person may, whatever it was granted,
   * and is never one of two persons.
   */
  readonly kind: 'person' | 'machine';
  /** Unique and never given to somebody else: audit log and four eyes tell people apart by it. */
  readonly name: string;
  /** The grants in force now: a deputy's is here only between its dates. */
  readonly grants: readonly Grant[];
  /** What a machine's token is narrowed to; everything that its grants allow where it is absent. */
  readonly scope?: readonly Permission[];
  /** Who made a machine's token, and so answers for what it composes. */
  readonly madeBy?: string;
  /** Where the request came from (network address), for the audit log. */
  readonly origin?: string;
}

/** Whether the actor holds the permission in an area, by a grant for it or for one above. */
export function isAllowed(actor: Actor, permission: Permission, areaId: string, tree: AreaTree): boolean {
  return grantsIn(actor, areaId, tree).some(({ role }) => permissionsOf(actor, role).includes(permission));
}

/**
 * The only gate. Throws `request.forbidden` unless a grant of the actor allows it and the area lies in that grant's areas, `request.person_only` where
 * no machine may.
 */
export function authorize(actor: Actor, permission: Permission, areaId: string, tree: AreaTree): void {
  if (isAllowed(actor, permission, areaId, tree)) return;
  throw refusal(actor, permission, areaId);
}

/** For what holds everywhere: the actor's grant must be for a root of the territory. Throws as `authorize`. */
export function authorizeEverywhere(actor: Actor, permission: Permission, tree: AreaTree): void {
  const roots = areasOf(actor).filter((id) => tree.has(id) && tree.get(id).parentId === null);
  if (roots.some((id) => isAllowed(actor, permission, id, tree))) return;
  throw refusal(actor, permission, areasOf(actor)[0] ?? '');
}

/** For a request whose area is known later: some area in which it is allowed. Throws as `authorize`. */
export function authorizeSomewhere(actor: Actor, permission: Permission, tree: AreaTree): void {
  if (areasOf(actor).some((id) => isAllowed(actor, permission, id, tree))) return;
  throw refusal(actor, permission, areasOf(actor)[0] ?? '');
}

/** Whether the actor holds one of these roles in an area. */
export function holdsRole(actor: Actor, roles: readonly Role[], areaId: string, tree: AreaTree): boolean {
  return grantsIn(actor, areaId, tree).some(({ role }) => roles.includes(role));
}

/** Every area that a grant names, each once. */
export function areasOf(actor: Actor): readonly string[] {
  return [...new Set(actor.grants.flatMap(({ areas }) => areas))];
}

/** What the actor may do by a role that is granted: a machine never what only a person may, and no more than its scope says. */
export function permissionsOf(actor: Actor, role: Role): readonly Permission[] {
  const { kind, scope } = actor;
  if (kind === 'person' && scope === undefined) return GRANTS[role];
  return GRANTS[role].filter((one) => mayEver(actor, one) && (scope === undefined || scope.includes(one)));
}

/** Who has composed what the actor composes: who made a machine's token is not a second pair of eyes. */
export function composersOf({ name, madeBy }: Actor): readonly string[] {
  return madeBy === undefined ? [name] : [name, madeBy];
}

/** The actor's roles as one text, for records: "chairman", or "editor, technician". */
export function rolesOf(actor: Actor): string {
  return [...new Set(actor.grants.map(({ role }) => role))].join(', ');
}

function mayEver({ kind }: Actor, permission: Permission): boolean {
  return kind === 'person' || !PERSONS_ONLY.includes(permission);
}

/** Why the actor may not: `request.person_only` where no machine ever may, else `request.forbidden`. */
export function refusal(actor: Actor, permission: Permission, area: string): DomainError {
  const { name } = actor;
  return mayEver(actor, permission)
    ? new DomainError('request.forbidden', { actor: name, permission, area })
    : new DomainError('request.person_only', { actor: name, act: permission });
}

function grantsIn(actor: Actor, areaId: string, tree: AreaTree): readonly Grant[] {
  if (!tree.has(areaId)) return [];
  const ancestry = tree.ancestry(areaId);
  return actor.grants.filter(({ areas }) => ancestry.some((id) => areas.includes(id)));
}
