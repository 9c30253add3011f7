import type { Instant } from '#kit';
import type { AreaTree } from '../areas/area.ts';
import type { Actor, Grant } from './actor.ts';
import { GRANTS } from './roles.ts';

/** A role in areas between two dates: a deputy's has both ("KT. CHỦ TỊCH"), most have none. */
export interface TimedGrant extends Grant {
  readonly from: Instant | null;
  /** Not in force at this instant any more. */
  readonly until: Instant | null;
}

/** What its owner should know: what happened to an account, or (`approval_due`) that something of tomorrow waits for an approval. `by` is who did it. */
export interface Notice {
  readonly at: Instant;
  readonly kind:
    | 'phone_paired'
    | 'reset_link'
    | 'password_set'
    | 'second_factor_changed'
    | 'grants_changed'
    | 'email_changed'
    | 'approval_due';
  readonly by: string;
}

/** A person. Deactivated, never deleted: audit log and four eyes tell people apart by the name. */
export interface Account {
  readonly name: string;
  readonly displayName: string;
  readonly grants: readonly TimedGrant[];
  /** Argon2id as a PHC string; null until the person has chosen a password. */
  readonly passwordHash: string | null;
  /** Where notices are mailed to; null: nowhere. It goes neither into a log nor into the audit log. */
  readonly email: string | null;
  readonly notices: readonly Notice[];
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly deactivatedAt: Instant | null;
}

export interface AccountStore {
  all(): Promise<Account[]>;
  /** Throws `account.name_taken`. */
  insert(account: Account): Promise<void>;
  /** Replaces the fields of the account of this name. */
  update(account: Account): Promise<void>;
}

const MOST_NOTICES = 20;

export function isInForce({ from, until }: TimedGrant, now: Instant): boolean {
  return (from === null || from <= now) && (until === null || now < until);
}

/** The account's grants at an instant: none once it is deactivated. */
export function grantsInForce({ grants, deactivatedAt }: Account, now: Instant): TimedGrant[] {
  return deactivatedAt === null ? grants.filter((grant) => isInForce(grant, now)) : [];
}

/** How long the person, by the grants in force now, answers for all of these areas as a leader: infinite where no grant ends. */
export function answersUntil(
  account: Account,
  areaIds: readonly string[],
  tree: AreaTree,
  now: Instant,
): Instant {
  const leading = grantsInForce(account, now).filter(({ role }) =>
    GRANTS[role].includes('announcement:approve'),
  );
  const ends = areaIds.map((id) => {
    const ancestry = tree.has(id) ? tree.ancestry(id) : [];
    const over = leading.filter(({ areas }) => areas.some((one) => ancestry.includes(one)));
    return Math.max(now, ...over.map(({ until }) => until ?? Number.POSITIVE_INFINITY));
  });
  return Math.min(...ends);
}

/** Who the person is at this instant. */
export function accountActor(account: Account, now: Instant, origin: string): Actor {
  const grants = grantsInForce(account, now).map(({ role, areas }) => ({ role, areas }));
  return { kind: 'person', name: account.name, grants, origin };
}

/** What became of a mail address, for the audit log; undefined: it is as it was. */
export function emailChange(
  before: string | null,
  after: string | null,
): 'set' | 'changed' | 'removed' | undefined {
  if (before === after) return undefined;
  if (before === null) return 'set';
  return after === null ? 'removed' : 'changed';
}

/** Whether the person holds administrator rights anywhere at this instant: those need a second factor. */
export function isAdministrator(account: Account, now: Instant): boolean {
  return grantsInForce(account, now).some(({ role }) => role === 'administrator');
}

/** Whether the person holds administrator rights anywhere, now or later. */
export function willAdminister({ grants }: Account, now: Instant): boolean {
  return grants.some(({ role, until }) => role === 'administrator' && (until === null || now < until));
}

/** Every area that a grant of the account names, in force or not, each once. */
export function areasOfAccount({ grants }: Account): string[] {
  return [...new Set(grants.flatMap(({ areas }) => areas))];
}

/** The account with one more thing to tell; the oldest ones go. Of reminders only the last is kept: they must not push out what happened to the account. */
export function withNotice(account: Account, notice: Notice): Account {
  const kept = account.notices.filter(({ kind }) => kind !== 'approval_due' || kind !== notice.kind);
  return { ...account, notices: [...kept, notice].slice(-MOST_NOTICES) };
}
