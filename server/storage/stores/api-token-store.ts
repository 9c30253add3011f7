import { DomainError } from '#protocols';
import type { ApiToken, ApiTokenStore } from '../../domain/accounts/api-token.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { fromJson } from './json.ts';

export class DatabaseApiTokenStore implements ApiTokenStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async all(): Promise<ApiToken[]> {
    const rows = await this.#models.apiToken.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
    return rows.map((row) => ({
      ...row,
      grants: fromJson<ApiToken['grants']>(row.grants),
      scope: fromJson<ApiToken['scope']>(row.scope),
    }));
  }

  async insert(token: ApiToken): Promise<void> {
    const { name } = token;
    if ((await this.#models.apiToken.findUnique({ where: { name } })) !== null)
      throw new DomainError('account.name_taken', { name });
    await this.#models.apiToken.create({ data: tokenRow(token) });
  }

  async update(token: ApiToken): Promise<void> {
    const { id, ...fields } = tokenRow(token);
    await this.#models.apiToken.update({ where: { id }, data: fields });
  }

  async touch(tokens: readonly Pick<ApiToken, 'id' | 'lastUsedAt'>[]): Promise<void> {
    for (const { id, lastUsedAt } of tokens)
      await this.#models.apiToken.updateMany({ where: { id }, data: { lastUsedAt } });
  }
}

function tokenRow({ grants, scope, ...token }: ApiToken) {
  return { ...token, grants: JSON.stringify(grants), scope: JSON.stringify(scope) };
}
