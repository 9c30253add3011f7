import type { Instant } from '#kit';
import type { Session, SessionStore } from '../../domain/accounts/session.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseSessionStore implements SessionStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async live(now: Instant): Promise<Session[]> {
    const rows = await this.#models.accountSession.findMany({ where: { expiresAt: { gt: now } } });
    return rows.map((row) => ({ ...row, kind: row.kind as Session['kind'] }));
  }

  async insert(session: Session): Promise<void> {
    await this.#models.accountSession.create({ data: session });
  }

  async update({ id, ...fields }: Session): Promise<void> {
    await this.#models.accountSession.updateMany({ where: { id }, data: fields });
  }

  async touch(sessions: readonly Pick<Session, 'id' | 'lastSeenAt' | 'address'>[]): Promise<void> {
    for (const { id, lastSeenAt, address } of sessions)
      await this.#models.accountSession.updateMany({ where: { id }, data: { lastSeenAt, address } });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#models.accountSession.deleteMany({ where: { id: { in: [...ids] } } });
  }

  async prune(expiredBefore: Instant): Promise<void> {
    await this.#models.accountSession.deleteMany({ where: { expiresAt: { lte: expiredBefore } } });
  }
}
