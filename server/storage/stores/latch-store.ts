import type { LatchStore, StoredLatch } from '../../domain/latches/latch.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseLatchStore implements LatchStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async all(): Promise<StoredLatch[]> {
    const rows = await this.#models.latch.findMany({ orderBy: [{ setAt: 'asc' }, { id: 'asc' }] });
    return rows.map((row) => ({
      ...row,
      revision: Number(row.revision),
      state: row.state as StoredLatch['state'],
    }));
  }

  async save(latch: StoredLatch): Promise<void> {
    const { id, ...fields } = { ...latch, revision: BigInt(latch.revision) };
    await this.#models.latch.upsert({ where: { id }, create: { id, ...fields }, update: fields });
  }
}
