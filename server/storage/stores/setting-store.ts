import type { SettingStore } from '../../domain/settings/settings.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

export class DatabaseSettingStore implements SettingStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async get(name: string): Promise<string | null> {
    return (await this.#models.setting.findUnique({ where: { name } }))?.value ?? null;
  }

  async put(name: string, value: string, at: number): Promise<void> {
    const fields = { value, updatedAt: at };
    await this.#models.setting.upsert({ where: { name }, create: { name, ...fields }, update: fields });
  }
}
