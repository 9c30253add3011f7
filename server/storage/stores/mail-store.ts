import type { MailStore, OutgoingMail } from '../../domain/mail/outgoing-mail.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseMailStore implements MailStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async insert(mail: OutgoingMail): Promise<void> {
    await this.#models.outgoingMail.create({ data: mail });
  }

  waiting(after: string | null, limit: number): Promise<OutgoingMail[]> {
    const where = after === null ? {} : { id: { gt: after } };
    return this.#models.outgoingMail.findMany({ where, orderBy: { id: 'asc' }, take: limit });
  }

  count(): Promise<number> {
    return this.#models.outgoingMail.count();
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#models.outgoingMail.deleteMany({ where: { id: { in: [...ids] } } });
  }

  async removeAll(): Promise<void> {
    await this.#models.outgoingMail.deleteMany({});
  }
}
