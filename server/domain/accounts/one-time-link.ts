import type { Instant, Milliseconds } from '#kit';

export type LinkKind = 'invitation' | 'reset' | 'pairing';

/** A link that works once and not for long. Only the hash of its secret is kept. */
export interface OneTimeLink {
  readonly id: string;
  readonly secretHash: string;
  readonly kind: LinkKind;
  readonly account: string;
  /** Whether it signs in without a password: an administrator made it. */
  readonly direct: boolean;
  /** Whether its use removes the second factors. */
  readonly forgets: boolean;
  readonly createdBy: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  /** Used, or replaced by a newer one. */
  readonly endedAt: Instant | null;
  readonly used: boolean;
}

export interface LinkStore {
  get(id: string): Promise<OneTimeLink | null>;
  bySecret(secretHash: string): Promise<OneTimeLink | null>;
  insert(link: OneTimeLink): Promise<void>;
  /** Ends the account's open links of these kinds: a newer one replaces them. */
  endOpen(account: string, kinds: readonly LinkKind[], at: Instant): Promise<void>;
  /** Marks an open one as used; false when it was ended meanwhile. */
  use(id: string, at: Instant): Promise<boolean>;
  prune(expiredBefore: Instant): Promise<void>;
}

export const LINK_LIFE_MS: Readonly<Record<LinkKind, Milliseconds>> = {
  invitation: 7 * 24 * 3_600_000,
  reset: 24 * 3_600_000,
  pairing: 10 * 60_000,
};

/** Where the console shows what to do with a link; the secret stands behind the #, which no server and no log sees. */
export const LINK_PATH: Readonly<Record<LinkKind, string>> = {
  invitation: 'welcome',
  reset: 'reset',
  pairing: 'pair',
};

export function isOpen({ endedAt, expiresAt }: OneTimeLink, now: Instant): boolean {
  return endedAt === null && now < expiresAt;
}
