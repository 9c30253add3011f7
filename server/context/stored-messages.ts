import type { ClearedMessage } from '../domain/announcements/clearance.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';

/** Stored messages by area, read once and again where they change. */
export class StoredMessages {
  readonly #areas: AreaDirectory;
  readonly #read: (areaId: string) => Promise<readonly ClearedMessage[]>;
  readonly #known = new Map<string, readonly ClearedMessage[]>();

  constructor(areas: AreaDirectory, read: (areaId: string) => Promise<readonly ClearedMessage[]>) {
    this.#areas = areas;
    this.#read = read;
  }

  forget(areaId: string): void {
    this.#known.delete(areaId);
  }

  async all(): Promise<ReadonlyMap<string, readonly ClearedMessage[]>> {
    const found = new Map<string, readonly ClearedMessage[]>();
    for (const id of this.#areas.tree.ids()) {
      const messages = this.#known.get(id) ?? (await this.#read(id));
      this.#known.set(id, messages);
      if (messages.length > 0) found.set(id, messages);
    }
    return found;
  }
}
