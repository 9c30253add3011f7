import type { Clock } from '#kit';
import { type AccountChange, type AccountCreate, type AccountView, DomainError } from '#protocols';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import type { Transaction } from '../unit-of-work.ts';
import { type Account, areasOfAccount, emailChange, isInForce, willAdminister } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import {
  authorizeAll,
  authorizeAny,
  checkGrants,
  isReserved,
  keepAdministrator,
  keepChanged,
  notOneself,
  touchedAreas,
} from './account-rules.ts';
import { type Actor, authorize, isAllowed } from './actor.ts';
import type { IssuedLink, LinkService, LinkWish } from './link-service.ts';
import type { Notices } from './notices.ts';
import type { OneTimeLink } from './one-time-link.ts';
import type { SecondFactors } from './second-factors.ts';
import type { SessionBook } from './session-book.ts';

export interface AccountServiceOptions {
  readonly accounts: AccountDirectory;
  readonly notices: Notices;
  readonly factors: SecondFactors;
  readonly sessions: SessionBook;
  readonly links: LinkService;
  readonly areas: Pick<AreaDirectory, 'tree'>;
  readonly clock: Clock;
  /** Whether a machine of the operator's tokens file has the name. */
  readonly isMachine: (name: string) => boolean;
  /** Ends the machines' tokens that somebody made. */
  readonly revokeTokensOf: (tx: Transaction, maker: string) => Promise<number>;
  /** Ends the leaves for series that somebody gave, as far as he answers there no more once his account is this. */
  readonly followGiver: (tx: Transaction, actor: Actor, giver: Account) => Promise<void>;
}

/** What administrators do with accounts. The rules are those of `account-rules.ts`. */
export class AccountService {
  readonly #options: AccountServiceOptions;

  constructor(options: AccountServiceOptions) {
    this.#options = options;
  }

  /** Those with a grant in the actor's areas, or within one area; deactivated ones where they are asked for. Throws `request.forbidden`. */
  list(actor: Actor, area: string | undefined, deactivated: boolean): AccountView[] {
    const { tree } = this.#options.areas;
    if (area !== undefined) authorize(actor, 'account:read', area, tree);
    const within = area === undefined ? undefined : tree.within(area);
    return this.#options.accounts
      .all()
      .filter((account) => deactivated || account.deactivatedAt === null)
      .filter((account) =>
        areasOfAccount(account).some(
          (id) => isAllowed(actor, 'account:read', id, tree) && (within?.has(id) ?? true),
        ),
      )
      .map((account) => this.view(actor, account));
  }

  /** Throws `request.forbidden`, `request.not_found`. */
  get(actor: Actor, name: string): AccountView {
    const account = this.#options.accounts.get(name);
    authorizeAny(actor, 'account:read', account, this.#options.areas.tree);
    return this.view(actor, account);
  }

  view(actor: Actor, account: Account): AccountView {
    const { factors, sessions, clock, areas } = this.#options;
    const { name, displayName, email, createdAt, createdBy, deactivatedAt, passwordHash } = account;
    const now = clock.now();
    return {
      ...{ name, displayName, email, createdAt, createdBy, deactivatedAt },
      grants: account.grants.map((grant) => ({
        ...grant,
        areas: [...grant.areas],
        inForce: deactivatedAt === null && isInForce(grant, now),
      })),
      hasPassword: passwordHash !== null,
      totp: factors.totp(name) !== undefined,
      passkeys: factors.passkeysOf(name).length,
      lastSeenAt: sessions.of(name)[0]?.lastSeenAt ?? null,
      manageable:
        actor.name !== name &&
        areasOfAccount(account).every((id) => isAllowed(actor, 'account:write', id, areas.tree)),
    };
  }

  /**
   * A new person, with an invitation to choose a password. Roles may be given that the administrator does not hold, but only in the own areas. Throws
   * `account.name_taken`, `account.grant_invalid`.
   */
  async create(
    tx: Transaction,
    actor: Actor,
    wanted: AccountCreate,
  ): Promise<{ account: Account; issued: IssuedLink }> {
    const { accounts, areas, clock, links, isMachine } = this.#options;
    const { name } = wanted;
    const grants = checkGrants(wanted.grants);
    authorizeAll(actor, 'account:write', areasOf(grants), areas.tree);
    if (isReserved(name) || isMachine(name)) throw new DomainError('account.name_taken', { name });
    const now = Math.floor(clock.now());
    const account: Account = {
      ...{ name, grants, createdAt: now, createdBy: actor.name },
      displayName: wanted.displayName.trim(),
      ...{ passwordHash: null, email: wanted.email ?? null, notices: [], deactivatedAt: null },
    };
    await tx.accounts.insert(account);
    const { displayName } = account;
    const email = emailChange(null, account.email);
    await record(tx, now, actor, 'account.create', name, { displayName, grants, ...(email && { email }) });
    tx.afterCommit(() => accounts.put(account));
    return { account, issued: await links.issue(tx, invitation(name, actor)) };
  }

  /** For an answer that did not arrive: another invitation instead of that of `create`, by who made it. */
  async inviteAgain(tx: Transaction, actor: Actor, name: string): Promise<IssuedLink> {
    const { clock, links } = this.#options;
    const issued = await links.issue(tx, invitation(name, actor));
    await record(tx, Math.floor(clock.now()), actor, 'account.link_again', name, { link: issued.link.id });
    return issued;
  }

  /**
   * Another display name, mail address or other grants: every area whose grant changes must be the actor's, and of a name or an address every area of the person. One's own address is
   * changed on the own account's page, which asks for a fresh proof. Throws `account.self`, `account.last_administrator`, `account.grants_changed`.
   */
  async change(tx: Transaction, actor: Actor, name: string, change: AccountChange): Promise<Account> {
    const { accounts, areas, clock } = this.#options;
    const before = accounts.get(name);
    const grants = change.grants === undefined ? before.grants : checkGrants(change.grants);
    const email = change.email === undefined ? before.email : change.email;
    const emailed = emailChange(before.email, email);
    if (change.displayName !== undefined || change.email !== undefined)
      authorizeAll(actor, 'account:write', areasOfAccount(before), areas.tree);
    const touched = touchedAreas(before.grants, grants);
    authorizeAny(actor, 'account:write', before, areas.tree);
    // First: what another one gave meanwhile may be nothing that this one may take away.
    keepChanged(before, change.grantsBefore);
    authorizeAll(actor, 'account:write', touched, areas.tree);
    if (touched.length > 0 || emailed !== undefined) notOneself(actor, before);
    const now = Math.floor(clock.now());
    const displayName = change.displayName?.trim() ?? before.displayName;
    const changed: Account = { ...before, displayName, grants, email };
    keepAdministrator(accounts.all(), changed, areas.tree, now);
    const told = await this.#saveChange(tx, before, changed, {
      ...{ at: now, by: actor.name },
      ...{ granted: touched.length > 0, emailed: emailed !== undefined },
    });
    if (touched.length > 0) await this.#options.followGiver(tx, actor, changed);
    await record(
      tx,
      now,
      actor,
      'account.change',
      name,
      emailed === undefined ? {} : { email: emailed },
      changes(before, changed, ['displayName', 'grants']),
    );
    return told;
  }

  /** Ends an account, its sessions, links, the tokens that it made and the leaves for series that it gave; it stays in the records. */
  async deactivate(tx: Transaction, actor: Actor, name: string, reason: string): Promise<Account> {
    const { accounts, areas, sessions, links, revokeTokensOf, clock } = this.#options;
    const before = this.#managed(actor, name);
    if (before.deactivatedAt !== null) throw new DomainError('account.deactivated', { name });
    const now = Math.floor(clock.now());
    const account: Account = { ...before, deactivatedAt: now };
    keepAdministrator(accounts.all(), account, areas.tree, now);
    await this.#save(tx, account);
    const ended = await sessions.endAll(tx, name);
    await links.endAll(tx, name);
    const tokens = await revokeTokensOf(tx, name);
    await this.#options.followGiver(tx, actor, account);
    await record(
      tx,
      now,
      actor,
      'account.deactivate',
      name,
      { reason, sessions: ended, tokens },
      {
        ...changes(before, account, ['deactivatedAt']),
      },
    );
    return account;
  }

  async reactivate(tx: Transaction, actor: Actor, name: string, reason: string): Promise<Account> {
    const before = this.#managed(actor, name);
    if (before.deactivatedAt === null)
      throw new DomainError('request.conflict', {
        ...{ what: 'account', id: name, state: 'active', expected: 'a deactivated one' },
      });
    const account: Account = { ...before, deactivatedAt: null };
    await this.#save(tx, account);
    const now = Math.floor(this.#options.clock.now());
    await record(
      tx,
      now,
      actor,
      'account.reactivate',
      name,
      { reason },
      {
        ...changes(before, account, ['deactivatedAt']),
      },
    );
    return account;
  }

  /**
   * Ends every session of a person, on computers and paired phones; the account stays as it is. With `forgets` its second factors go, too: a
   * stranger who had a session may have set one up, by which he comes in again and the person no more.
   */
  async endSessions(
    tx: Transaction,
    actor: Actor,
    name: string,
    { reason, forgets }: { readonly reason: string; readonly forgets: boolean },
  ): Promise<Account> {
    const account = this.#managed(actor, name);
    const { clock, factors, notices } = this.#options;
    const sessions = await this.#options.sessions.endAll(tx, name);
    const at = Math.floor(clock.now());
    await record(tx, at, actor, 'account.end_sessions', name, { reason, sessions, forgets });
    if (!forgets) return account;
    await factors.forget(tx, name);
    return notices.leave(tx, account, { at, kind: 'second_factor_changed', by: actor.name });
  }

  /** A link by which the person chooses another password; nobody learns the old one or the new one. */
  async reset(
    tx: Transaction,
    actor: Actor,
    name: string,
    { reason, forgets }: { readonly reason: string; readonly forgets: boolean },
  ): Promise<IssuedLink> {
    const before = this.#managed(actor, name);
    if (before.deactivatedAt !== null) throw new DomainError('account.deactivated', { name });
    const now = Math.floor(this.#options.clock.now());
    await this.#options.notices.leave(tx, before, { at: now, kind: 'reset_link', by: actor.name });
    await record(tx, now, actor, 'account.reset', name, { reason, forgets });
    return this.#options.links.issue(tx, {
      ...{ account: name, kind: 'reset', direct: false, forgets, by: actor.name },
    });
  }

  /**
   * A link for the person's phone. Made by who may manage the account it signs in by itself; made by anybody else who may pair it asks for the person's
   * own password or passkey, so that a clerk never becomes the chairman; and for an administrator's phone nobody else makes one. Throws
   * `request.forbidden`, `account.deactivated`, `account.pairing_of_administrator`.
   */
  async pair(tx: Transaction, actor: Actor, name: string): Promise<IssuedLink> {
    const { accounts, areas, links, clock } = this.#options;
    const account = accounts.get(name);
    authorizeAny(actor, 'phone:pair', account, areas.tree);
    if (account.deactivatedAt !== null) throw new DomainError('account.deactivated', { name });
    const direct =
      actor.name !== name &&
      areasOfAccount(account).every((id) => isAllowed(actor, 'account:write', id, areas.tree));
    const now = Math.floor(clock.now());
    if (!direct && actor.name !== name && willAdminister(account, now))
      throw new DomainError('account.pairing_of_administrator', { name });
    await record(tx, now, actor, 'account.pair', name, { direct });
    return links.issue(tx, {
      ...{ account: name, kind: 'pairing', direct, forgets: false, by: actor.name },
    });
  }

  /** Throws `request.forbidden`, `request.not_found`. */
  async pairing(actor: Actor, name: string, id: string): Promise<OneTimeLink> {
    const { accounts, areas, links } = this.#options;
    authorizeAny(actor, 'phone:pair', accounts.get(name), areas.tree);
    return links.get(name, id);
  }

  #managed(actor: Actor, name: string): Account {
    const account = this.#options.accounts.get(name);
    authorizeAll(actor, 'account:write', areasOfAccount(account), this.#options.areas.tree);
    notOneself(actor, account);
    return account;
  }

  /** Saves a changed account and tells its owner of what was done to it. */
  async #saveChange(
    tx: Transaction,
    before: Account,
    changed: Account,
    what: {
      readonly at: number;
      readonly by: string;
      readonly granted: boolean;
      readonly emailed: boolean;
    },
  ): Promise<Account> {
    const { at, by, granted, emailed } = what;
    const { notices } = this.#options;
    if (!granted && !emailed) {
      await this.#save(tx, changed);
      return changed;
    }
    // To the address of before, too: whoever changes it must not silence what is told.
    const leave = (account: Account, kind: 'grants_changed' | 'email_changed') =>
      notices.leave(tx, account, { at, kind, by }, before.email);
    const told = granted ? await leave(changed, 'grants_changed') : changed;
    return emailed ? leave(told, 'email_changed') : told;
  }

  async #save(tx: Transaction, account: Account): Promise<void> {
    await tx.accounts.update(account);
    tx.afterCommit(() => this.#options.accounts.put(account));
  }
}

function areasOf(grants: readonly { readonly areas: readonly string[] }[]): string[] {
  return [...new Set(grants.flatMap(({ areas }) => areas))];
}

function invitation(account: string, { name }: Actor): LinkWish {
  return { account, kind: 'invitation', direct: false, forgets: false, by: name };
}
