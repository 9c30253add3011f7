import { DomainError } from '#protocols';
import type { Area, AreaStore } from '../../domain/areas/area.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';

/** What an area was called, and where it lay, from `since` on. */
export interface AreaName {
  readonly areaId: string;
  readonly since: number;
  readonly kind: string;
  readonly name: string;
  readonly parentId: string | null;
}

export class DatabaseAreaStore implements AreaStore {
  readonly #models: Models;

  constructor({ models }: Access) {
    this.#models = models;
  }

  async all(): Promise<Area[]> {
    return this.#models.area.findMany({ orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
  }

  async insert(area: Area): Promise<void> {
    await this.#models.area.create({ data: area });
    await this.#remember(area, area.createdAt);
  }

  async update(area: Area, at: number): Promise<void> {
    const { id, ...fields } = area;
    const before = await this.#models.area.findUnique({ where: { id } });
    if (before === null) throw new DomainError('request.not_found', { what: 'area', id });
    await this.#models.area.update({ where: { id }, data: fields });
    const moved = before.parentId !== area.parentId;
    if (before.name !== area.name || before.kind !== area.kind || moved) await this.#remember(area, at);
  }

  /** The names of an area, oldest first. */
  async names(areaId: string): Promise<AreaName[]> {
    return this.#models.areaName.findMany({ where: { areaId }, orderBy: { since: 'asc' } });
  }

  async #remember({ id: areaId, kind, name, parentId }: Area, since: number): Promise<void> {
    const known = await this.#models.areaName.updateMany({
      where: { areaId, since },
      data: { kind, name, parentId },
    });
    if (known.count === 0)
      await this.#models.areaName.create({ data: { areaId, since, kind, name, parentId } });
  }
}
