import { DomainError } from '#protocols';
import type { Account, AccountStore } from '../../domain/accounts/account.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { fromJson } from './json.ts';

export class DatabaseAccountStore implements AccountStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async all(): Promise<Account[]> {
    const rows = await this.#models.account.findMany({ orderBy: [{ createdAt: 'asc' }, { name: 'asc' }] });
    return rows.map((row) => ({
      ...row,
      grants: fromJson<Account['grants']>(row.grants),
      notices: fromJson<Account['notices']>(row.notices),
    }));
  }

  async insert(account: Account): Promise<void> {
    const { name } = account;
    if ((await this.#models.account.findUnique({ where: { name } })) !== null)
      throw new DomainError('account.name_taken', { name });
    await this.#models.account.create({ data: toRow(account) });
  }

  async update(account: Account): Promise<void> {
    const { name, ...fields } = toRow(account);
    await this.#models.account.update({ where: { name }, data: fields });
  }
}

function toRow({ grants, notices, ...account }: Account) {
  return { ...account, grants: JSON.stringify(grants), notices: JSON.stringify(notices) };
}
