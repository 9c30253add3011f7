import { DomainError } from '#protocols';

/** A node of the territory tree. Its kind is data (tỉnh, xã, phường, thôn, ấp, …): no fixed depth. */
export interface Area {
  readonly id: string;
  readonly parentId: string | null;
  /** Vietnamese word for the level, shown before the name: "xã", "ấp". */
  readonly kind: string;
  readonly name: string;
  /** IANA zone; null: the parent's. */
  readonly zone: string | null;
  /** Its own rules of broadcasting (JSON); what they leave out, and null, is the parent's. */
  readonly policy: string | null;
  readonly createdAt: number;
  /** Set when the area was dissolved or merged; its history stays. */
  readonly retiredAt: number | null;
  /** The area that took it in, where it was merged. */
  readonly mergedInto?: string | null;
}

/** Levels of the tree at most: an assignment names a speaker's whole ancestry. */
export const MAX_DEPTH = 16;

/** Where no area of the ancestry names a zone. */
export const DEFAULT_ZONE = 'Asia/Ho_Chi_Minh';

export interface AreaStore {
  all(): Promise<Area[]>;
  insert(area: Area): Promise<void>;
  /** Replaces the fields of one area; the old name stays in the name history from `at` on. */
  update(area: Area, at: number): Promise<void>;
}

/** The territory as a tree. Pure; made from one read of the areas. */
export class AreaTree {
  readonly #areas: Map<string, Area>;
  readonly #children = new Map<string, string[]>();
  readonly #policies = new Map<string, string | null>();

  constructor(areas: readonly Area[]) {
    this.#areas = new Map(areas.map((area) => [area.id, area]));
    for (const { id, parentId } of areas) {
      if (parentId === null) continue;
      const siblings = this.#children.get(parentId);
      if (siblings === undefined) this.#children.set(parentId, [id]);
      else siblings.push(id);
    }
  }

  /** One area. Throws `request.not_found`. */
  get(id: string): Area {
    const area = this.#areas.get(id);
    if (area === undefined) throw new DomainError('request.not_found', { what: 'area', id });
    return area;
  }

  /** Every area, those that were dissolved too. */
  ids(): IterableIterator<string> {
    return this.#areas.keys();
  }

  has(id: string): boolean {
    return this.#areas.has(id);
  }

  /** Ids from the widest area to `id` itself. A loop in the data ends where it closes. */
  ancestry(id: string): string[] {
    const path: string[] = [];
    for (let at: string | null = id; at !== null && !path.includes(at); at = this.get(at).parentId)
      path.unshift(at);
    return path;
  }

  /** The areas right below one, those that were dissolved too. */
  childrenOf(id: string): readonly string[] {
    return this.#children.get(id) ?? [];
  }

  /** `id` and everything below it. */
  within(id: string): Set<string> {
    const found = new Set<string>();
    const open = [id];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (found.has(at)) continue;
      found.add(at);
      open.push(...(this.#children.get(at) ?? []));
    }
    return found;
  }

  zoneOf(id: string): string {
    return this.#nearest(id, (area) => area.zone) ?? DEFAULT_ZONE;
  }

  /** The policy text in force (JSON): each field as the nearest area says that names it. Null when no area of the ancestry has a policy. */
  policyOf(id: string): string | null {
    const known = this.#policies.get(id);
    if (known !== undefined) return known;
    const { parentId, policy } = this.get(id);
    // A loop in the data ends where it closes.
    this.#policies.set(id, policy);
    const wider = parentId === null ? null : this.policyOf(parentId);
    const merged = wider === null || policy === null ? (policy ?? wider) : merge(wider, policy);
    this.#policies.set(id, merged);
    return merged;
  }

  #nearest<Value>(id: string, read: (area: Area) => Value | null): Value | null {
    for (const at of this.ancestry(id).reverse()) {
      const value = read(this.get(at));
      if (value !== null) return value;
    }
    return null;
  }
}

/** What the narrower one names replaces what the wider one says of it. */
function merge(wider: string, narrower: string): string {
  return JSON.stringify({ ...(JSON.parse(wider) as object), ...(JSON.parse(narrower) as object) });
}
