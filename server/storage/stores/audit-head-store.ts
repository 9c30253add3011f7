import type { AuditHeadStore, StoredHead } from '../../domain/audit/audit-head-store.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseAuditHeadStore implements AuditHeadStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async insert(head: StoredHead): Promise<void> {
    await this.#models.auditHead.create({ data: head });
  }

  get(n: number): Promise<StoredHead | null> {
    return this.#models.auditHead.findUnique({ where: { n } });
  }

  latest(): Promise<StoredHead | null> {
    return this.#models.auditHead.findFirst({ orderBy: { n: 'desc' } });
  }

  latestWhole(): Promise<StoredHead | null> {
    return this.#models.auditHead.findFirst({ where: { whole: true }, orderBy: { n: 'desc' } });
  }

  page(before: number | undefined, limit: number): Promise<StoredHead[]> {
    const where = before === undefined ? {} : { n: { lt: before } };
    return this.#models.auditHead.findMany({ where, orderBy: { n: 'desc' }, take: limit });
  }

  after(n: number, limit: number): Promise<StoredHead[]> {
    return this.#models.auditHead.findMany({ where: { n: { gt: n } }, orderBy: { n: 'asc' }, take: limit });
  }
}
