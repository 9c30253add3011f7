import type { Instant } from '#kit';
import type { LinkKind, LinkStore, OneTimeLink } from '../../domain/accounts/one-time-link.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseLinkStore implements LinkStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async get(id: string): Promise<OneTimeLink | null> {
    return asLink(await this.#models.oneTimeLink.findUnique({ where: { id } }));
  }

  async bySecret(secretHash: string): Promise<OneTimeLink | null> {
    return asLink(await this.#models.oneTimeLink.findUnique({ where: { secretHash } }));
  }

  async insert(link: OneTimeLink): Promise<void> {
    await this.#models.oneTimeLink.create({ data: link });
  }

  async endOpen(account: string, kinds: readonly LinkKind[], at: Instant): Promise<void> {
    await this.#models.oneTimeLink.updateMany({
      where: { account, kind: { in: [...kinds] }, endedAt: null },
      data: { endedAt: at },
    });
  }

  async use(id: string, at: Instant): Promise<boolean> {
    const { count } = await this.#models.oneTimeLink.updateMany({
      where: { id, endedAt: null },
      data: { endedAt: at, used: true },
    });
    return count === 1;
  }

  async prune(expiredBefore: Instant): Promise<void> {
    await this.#models.oneTimeLink.deleteMany({ where: { expiresAt: { lte: expiredBefore } } });
  }
}

function asLink(row: (Omit<OneTimeLink, 'kind'> & { readonly kind: string }) | null): OneTimeLink | null {
  return row === null ? null : { ...row, kind: row.kind as LinkKind };
}
