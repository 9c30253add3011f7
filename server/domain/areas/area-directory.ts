import { type Area, AreaTree } from './area.ts';

/** The territory in memory. One process owns the database, so what it has committed is what there is. */
export class AreaDirectory {
  readonly #areas = new Map<string, Area>();
  #tree = new AreaTree([]);

  get tree(): AreaTree {
    return this.#tree;
  }

  /** In the order in which they were entered. */
  all(): Area[] {
    return [...this.#areas.values()];
  }

  load(areas: readonly Area[]): void {
    this.#areas.clear();
    for (const area of areas) this.#areas.set(area.id, area);
    this.#tree = new AreaTree(this.all());
  }

  /** Takes in one area after its commit. */
  put(area: Area): void {
    this.#areas.set(area.id, area);
    this.#tree = new AreaTree(this.all());
  }
}
