import type { Clock } from '#kit';
import { DomainError, newId } from '#protocols';
import type { Stores, Transaction } from '../unit-of-work.ts';
import type { Account } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { isOpen, LINK_LIFE_MS, LINK_PATH, type LinkKind, type OneTimeLink } from './one-time-link.ts';
import { hashSecret, newSecret } from './secrets.ts';

/** A link that was just made: its address is not known again. */
export interface IssuedLink {
  readonly link: OneTimeLink;
  readonly url: string;
}

export interface LinkWish {
  readonly account: string;
  readonly kind: LinkKind;
  readonly direct: boolean;
  readonly forgets: boolean;
  readonly by: string;
}

/** Links that work once: invitations, resets, pairings. */
export class LinkService {
  readonly #read: Pick<Stores, 'links'>;
  readonly #clock: Clock;
  readonly #accounts: AccountDirectory;
  readonly #publicUrl: string;

  constructor(options: {
    readonly read: Pick<Stores, 'links'>;
    readonly clock: Clock;
    readonly accounts: AccountDirectory;
    readonly publicUrl: string;
  }) {
    this.#read = options.read;
    this.#clock = options.clock;
    this.#accounts = options.accounts;
    this.#publicUrl = options.publicUrl;
  }

  /** A new one; older ones of the account for the same purpose end. */
  async issue(tx: Transaction, { account, kind, direct, forgets, by }: LinkWish): Promise<IssuedLink> {
    const now = Math.floor(this.#clock.now());
    const secret = newSecret();
    const link: OneTimeLink = {
      id: newId('lnk', now),
      secretHash: hashSecret(secret),
      ...{ kind, account, direct, forgets, createdBy: by, createdAt: now },
      expiresAt: now + LINK_LIFE_MS[kind],
      ...{ endedAt: null, used: false },
    };
    await tx.links.endOpen(account, kind === 'pairing' ? ['pairing'] : ['invitation', 'reset'], now);
    await tx.links.insert(link);
    return { link, url: `${this.#publicUrl}/${LINK_PATH[kind]}#${secret}` };
  }

  /** What an open link is for. Throws `link.invalid`. */
  async open(secret: string, kinds: readonly LinkKind[]): Promise<{ link: OneTimeLink; account: Account }> {
    const link = await this.#read.links.bySecret(hashSecret(secret));
    const account = link === null ? undefined : this.#accounts.find(link.account);
    if (link === null || !kinds.includes(link.kind) || !isOpen(link, this.#clock.now()))
      throw new DomainError('link.invalid');
    if (account === undefined || account.deactivatedAt !== null) throw new DomainError('link.invalid');
    return { link, account };
  }

  /** Takes an open link, once. Throws `link.invalid`. */
  async use(tx: Transaction, link: OneTimeLink): Promise<void> {
    const now = Math.floor(this.#clock.now());
    if (!isOpen(link, now) || !(await tx.links.use(link.id, now))) throw new DomainError('link.invalid');
  }

  /** One of the account's links. Throws `request.not_found`. */
  async get(account: string, id: string): Promise<OneTimeLink> {
    const link = await this.#read.links.get(id);
    if (link === null || link.account !== account)
      throw new DomainError('request.not_found', { what: 'link', id });
    return link;
  }

  /** For an answer that is asked for again: throws `request.conflict` when its link was used meanwhile. */
  async stillUnused(tx: Transaction, id: string): Promise<void> {
    const link = await tx.links.get(id);
    if (link?.used === true)
      throw new DomainError('request.conflict', {
        what: 'link',
        id,
        state: 'used',
        expected: 'a new request',
      });
  }

  /** Ends what is open: nobody gets in by it any more. */
  endAll(tx: Transaction, account: string): Promise<void> {
    return tx.links.endOpen(account, ['invitation', 'reset', 'pairing'], Math.floor(this.#clock.now()));
  }
}
