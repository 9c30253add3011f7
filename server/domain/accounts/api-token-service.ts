import type { Clock } from '#kit';
import { DomainError, newId, type TokenCreate, type TokenView } from '#protocols';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { changes, record } from '../audit/record.ts';
import type { Transaction } from '../unit-of-work.ts';
import { authorizeAll, roleOf } from './account-rules.ts';
import { type Actor, isAllowed } from './actor.ts';
import { type ApiToken, isUsable, MOST_TOKEN_LIFE_MS } from './api-token.ts';
import type { ApiTokenBook } from './api-token-book.ts';
import { GRANTS, MACHINE_ROLES, PERMISSIONS, PERSONS_ONLY, type Permission } from './roles.ts';
import { hashSecret } from './secrets.ts';
import { newToken } from './token-book.ts';

export interface MadeToken {
  readonly token: ApiToken;
  readonly secret: string;
}

/**
 * Tokens for machines. An administrator gives them roles that he does not hold himself, but only in his own areas, only for so long, only the named
 * permissions, and never what a person has to answer for: approving, overriding a window, deciding who may what.
 */
export class ApiTokenService {
  readonly #book: ApiTokenBook;
  readonly #areas: Pick<AreaDirectory, 'tree'>;
  readonly #clock: Clock;

  constructor(options: {
    readonly book: ApiTokenBook;
    readonly areas: Pick<AreaDirectory, 'tree'>;
    readonly clock: Clock;
  }) {
    this.#book = options.book;
    this.#areas = options.areas;
    this.#clock = options.clock;
  }

  /** Those with a grant in the actor's areas. */
  list(actor: Actor): ApiToken[] {
    return this.#book
      .all()
      .filter((token) => areasOf(token).some((id) => isAllowed(actor, 'token:read', id, this.#areas.tree)));
  }

  /** Throws `token.too_much`, `account.name_taken`, `request.forbidden`, `request.invalid`. */
  async create(tx: Transaction, actor: Actor, wanted: TokenCreate): Promise<MadeToken> {
    const now = Math.floor(this.#clock.now());
    const grants = wanted.grants.map(({ role, areas }) => ({ role: roleOf(role), areas: [...areas] }));
    authorizeAll(actor, 'token:write', [...new Set(grants.flatMap(({ areas }) => areas))], this.#areas.tree);
    for (const { role } of grants)
      if (!MACHINE_ROLES.some((one) => one === role)) throw tooMuch(role, 'a machine speaks for nobody');
    const scope = wanted.scope.map((text) => {
      const permission = PERMISSIONS.find((one) => one === text);
      if (permission === undefined) throw tooMuch(text, 'there is no such permission');
      return checkPermission(permission, grants);
    });
    if (wanted.expiresAt <= now || wanted.expiresAt > now + MOST_TOKEN_LIFE_MS)
      throw new DomainError('request.invalid', { reason: 'expiresAt has to lie within a year from now' });
    const secret = newToken();
    const token: ApiToken = {
      id: newId('tok', now),
      secretHash: hashSecret(secret),
      ...{ name: wanted.name, grants, scope, createdBy: actor.name, createdAt: now },
      ...{ expiresAt: wanted.expiresAt, lastUsedAt: null, revokedAt: null },
    };
    await this.#book.save(tx, token);
    const { expiresAt } = token;
    await record(tx, now, actor, 'token.create', `token/${token.name}`, { grants, scope, expiresAt });
    return { token, secret };
  }

  /** For an answer that did not arrive: another secret for a token that was never used. Throws `request.conflict`. */
  async secretAgain(tx: Transaction, actor: Actor, id: string): Promise<MadeToken> {
    const before = this.#get(id);
    if (before.lastUsedAt !== null || !isUsable(before, this.#clock.now()))
      throw new DomainError('request.conflict', {
        ...{ what: 'token', id, state: 'in use or ended', expected: 'a new one' },
      });
    const secret = newToken();
    const token: ApiToken = { ...before, secretHash: hashSecret(secret) };
    await this.#book.save(tx, token, before);
    const now = Math.floor(this.#clock.now());
    await record(tx, now, actor, 'token.secret_again', `token/${token.name}`, { token: id });
    return { token, secret };
  }

  /** Ends a token at once; ending it again changes nothing. Throws `request.forbidden`, `request.not_found`. */
  async revoke(tx: Transaction, actor: Actor, id: string): Promise<ApiToken> {
    const before = this.#get(id);
    authorizeAll(actor, 'token:write', areasOf(before), this.#areas.tree);
    const token = await this.#end(tx, before);
    const now = Math.floor(this.#clock.now());
    const changed = changes(before, token, ['revokedAt']);
    await record(tx, now, actor, 'token.revoke', `token/${token.name}`, {}, changed);
    return token;
  }

  /** Ends what somebody made: who leaves may have kept the secrets. How many. */
  async revokeOf(tx: Transaction, maker: string): Promise<number> {
    const made = this.#book
      .all()
      .filter((token) => token.createdBy === maker && isUsable(token, this.#clock.now()));
    for (const token of made) await this.#end(tx, token);
    return made.length;
  }

  async #end(tx: Transaction, before: ApiToken): Promise<ApiToken> {
    const revokedAt = before.revokedAt ?? Math.floor(this.#clock.now());
    const token: ApiToken = { ...before, revokedAt };
    await this.#book.save(tx, token, before);
    return token;
  }

  #get(id: string): ApiToken {
    const token = this.#book.all().find((one) => one.id === id);
    if (token === undefined) throw new DomainError('request.not_found', { what: 'token', id });
    return token;
  }
}

/** The record as administrators see it, with what people call its maker. */
export function tokenView(
  { secretHash: _, grants, scope, ...token }: ApiToken,
  nameOf: (account: string) => string,
): TokenView {
  return {
    ...token,
    createdByName: nameOf(token.createdBy),
    grants: grants.map(({ role, areas }) => ({ role, areas: [...areas] })),
    scope: [...scope],
  };
}

function checkPermission(permission: Permission, grants: ApiToken['grants']): Permission {
  if (PERSONS_ONLY.includes(permission)) throw tooMuch(permission, 'only a person may');
  if (!grants.some(({ role }) => GRANTS[role].includes(permission)))
    throw tooMuch(permission, 'no role of the token has it');
  return permission;
}

function areasOf({ grants }: ApiToken): string[] {
  return [...new Set(grants.flatMap(({ areas }) => areas))];
}

function tooMuch(what: string, reason: string): DomainError {
  return new DomainError('token.too_much', { what, reason });
}
