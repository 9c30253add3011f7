import type { IdempotencyStore, StoredAnswer } from '../../domain/unit-of-work.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { isUniqueViolation, LostRace } from '../errors.ts';

export class DatabaseIdempotencyStore implements IdempotencyStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async get(actor: string, key: string): Promise<StoredAnswer | null> {
    return this.#models.storedAnswer.findUnique({ where: { actor_key: { actor, key } } });
  }

  /** When an answer is there already, the whole transaction is run again: it finds it by `get`. */
  async put(answer: StoredAnswer): Promise<void> {
    try {
      await this.#models.storedAnswer.create({ data: answer });
    } catch (cause) {
      throw isUniqueViolation(cause) ? new LostRace(answer.key, { cause }) : cause;
    }
  }

  async prune(before: number): Promise<void> {
    await this.#models.storedAnswer.deleteMany({ where: { createdAt: { lt: before } } });
  }
}
