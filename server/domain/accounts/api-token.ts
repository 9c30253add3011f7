import type { Instant, Milliseconds } from '#kit';
import type { Actor, Grant, Permission } from './actor.ts';

/** A machine's token. Only the hash of its secret is kept; the record stays when it is revoked. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly secretHash: string;
  readonly grants: readonly Grant[];
  readonly scope: readonly Permission[];
  readonly createdBy: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly lastUsedAt: Instant | null;
  readonly revokedAt: Instant | null;
}

export interface ApiTokenStore {
  all(): Promise<ApiToken[]>;
  /** Throws `account.name_taken`. */
  insert(token: ApiToken): Promise<void>;
  update(token: ApiToken): Promise<void>;
  touch(tokens: readonly Pick<ApiToken, 'id' | 'lastUsedAt'>[]): Promise<void>;
}

export const MOST_TOKEN_LIFE_MS: Milliseconds = 366 * 24 * 3_600_000;

export function isUsable({ revokedAt, expiresAt }: ApiToken, now: Instant): boolean {
  return revokedAt === null && now < expiresAt;
}

/** Who the bearer is. The prefix keeps machines apart from people: a "/" is in no account's name. */
export function tokenActor({ name, grants, scope, createdBy }: ApiToken, origin: string): Actor {
  return { kind: 'machine', name: `token/${name}`, grants, scope, madeBy: createdBy, origin };
}
