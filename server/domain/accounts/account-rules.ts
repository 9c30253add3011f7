import type { Instant } from '#kit';
import { DomainError, type GrantRequest } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { type Account, areasOfAccount, isInForce, type TimedGrant } from './account.ts';
import { type Actor, authorize, isAllowed, type Permission, refusal } from './actor.ts';
import { ROLES, type Role } from './roles.ts';

/** Who acts for the controller itself stands in the audit log under these; a "/" is only in a machine's name. */
const RESERVED = ['controller', 'system', 'unknown'];

export function isReserved(name: string): boolean {
  return RESERVED.includes(name);
}

/** The role of this name. Throws `account.grant_invalid`. */
export function roleOf(role: string): Role {
  const found = ROLES.find((one) => one === role);
  if (found === undefined)
    throw new DomainError('account.grant_invalid', { role, reason: `expected one of ${ROLES.join(', ')}` });
  return found;
}

/** Grants as they are kept. Throws `account.grant_invalid`. */
export function checkGrants(wanted: readonly GrantRequest[]): TimedGrant[] {
  return wanted.map(({ role: text, areas, from = null, until = null }) => {
    const role = roleOf(text);
    if (from !== null && until !== null && until <= from)
      throw new DomainError('account.grant_invalid', { role, reason: 'it would end before it begins' });
    if (role === 'deputy' && until === null)
      throw new DomainError('account.grant_invalid', { role, reason: 'a deputy’s grant needs an end' });
    return { role, areas: [...areas], from, until };
  });
}

/**
 * Managing an account: the permission in every area that a grant of it names. Who rules one commune only cannot shut somebody out of another. Throws
 * `request.forbidden`.
 */
export function authorizeAll(
  actor: Actor,
  permission: Permission,
  areaIds: readonly string[],
  tree: AreaTree,
): void {
  for (const id of areaIds) authorize(actor, permission, id, tree);
}

/** Seeing an account: the permission in one of its areas. Throws `request.forbidden`. */
export function authorizeAny(actor: Actor, permission: Permission, account: Account, tree: AreaTree): void {
  const areas = areasOfAccount(account);
  if (areas.some((id) => isAllowed(actor, permission, id, tree))) return;
  throw refusal(actor, permission, areas[0] ?? '');
}

/** Nobody changes what he may do himself, nor ends or resets himself: another administrator has to. Throws `account.self`. */
export function notOneself(actor: Actor, account: Account): void {
  if (actor.name === account.name) throw new DomainError('account.self', { name: actor.name });
}

/**
 * New grants that were chosen beside others than there are now would put back what somebody took away meanwhile. `shown`: those that they were chosen
 * beside, in any order. Throws `account.grants_changed`.
 */
export function keepChanged({ name, grants }: Account, shown: readonly GrantRequest[] | undefined): void {
  if (shown !== undefined && touchedAreas(grants, checkGrants(shown)).length > 0)
    throw new DomainError('account.grants_changed', { name });
}

/** The areas of the grants that are in one list only: those that a change touches. */
export function touchedAreas(before: readonly TimedGrant[], after: readonly TimedGrant[]): string[] {
  const texts = (grants: readonly TimedGrant[]) => new Map(grants.map((grant) => [textOf(grant), grant]));
  const [old, young] = [texts(before), texts(after)];
  const changed = [
    ...[...old].filter(([text]) => !young.has(text)),
    ...[...young].filter(([text]) => !old.has(text)),
  ];
  return [...new Set(changed.flatMap(([, { areas }]) => areas))];
}

function textOf({ role, areas, from, until }: TimedGrant): string {
  return JSON.stringify([role, [...areas].sort(), from, until]);
}

/**
 * Somebody must be left who can manage everybody: an active administrator of a root of the territory, whose grant has no end. Throws
 * `account.last_administrator` when the change takes the last one away.
 */
export function keepAdministrator(
  before: readonly Account[],
  changed: Account,
  tree: AreaTree,
  now: Instant,
): void {
  const rules = (account: Account) => isWidestAdministrator(account, tree, now);
  const after = before.map((account) => (account.name === changed.name ? changed : account));
  if (before.some(rules) && !after.some(rules)) throw new DomainError('account.last_administrator');
}

function isWidestAdministrator(account: Account, tree: AreaTree, now: Instant): boolean {
  if (account.deactivatedAt !== null) return false;
  return account.grants.some(
    (grant) =>
      grant.role === 'administrator' &&
      grant.until === null &&
      isInForce(grant, now) &&
      grant.areas.some((id) => tree.has(id) && tree.get(id).parentId === null),
  );
}
