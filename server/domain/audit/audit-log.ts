import { type Actor, authorize, isAllowed } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Stores } from '../unit-of-work.ts';
import type { AuditEntry, AuditFilter } from './audit.ts';

/** What a reader asks for: `area` with all below it. */
export interface AuditQuery extends Omit<AuditFilter, 'areas' | 'arealess'> {
  readonly area?: string;
}

/** Entries of one read while all are read. */
const PAGE = 500;

/** The audit log as a reader may see it: what happened in the own areas, and for whoever holds a root of the territory what is of no area. */
export class AuditLog {
  readonly #read: Pick<Stores, 'audit'>;
  readonly #areas: AreaDirectory;

  constructor(options: { readonly read: Pick<Stores, 'audit'>; readonly areas: AreaDirectory }) {
    this.#read = options.read;
    this.#areas = options.areas;
  }

  /** Newest first, below the number `before`. Throws `request.forbidden`, `request.not_found` for the area. */
  page(
    actor: Actor,
    query: AuditQuery,
    { limit, before }: { readonly limit: number; readonly before: number | undefined },
  ): Promise<AuditEntry[]> {
    const beyond = before === undefined ? {} : { beyond: before };
    return this.#read.audit.find(this.#visible(actor, query), { order: 'newest', ...beyond, limit });
  }

  /** All, oldest first, page by page. Throws at once what `page` throws. */
  pages(actor: Actor, query: AuditQuery): AsyncGenerator<AuditEntry[], void> {
    return pagesOf(this.#read, this.#visible(actor, query));
  }

  #visible(actor: Actor, { area, ...filter }: AuditQuery): AuditFilter {
    const { tree } = this.#areas;
    if (area !== undefined) {
      authorize(actor, 'audit:read', area, tree);
      return { ...filter, areas: [...tree.within(area)] };
    }
    const areas = [...tree.ids()].filter((id) => isAllowed(actor, 'audit:read', id, tree));
    return { ...filter, areas, arealess: areas.some((id) => tree.get(id).parentId === null) };
  }
}

async function* pagesOf(
  { audit }: Pick<Stores, 'audit'>,
  filter: AuditFilter,
): AsyncGenerator<AuditEntry[], void> {
  let beyond = 0;
  for (;;) {
    const page = await audit.find(filter, { order: 'oldest', beyond, limit: PAGE });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    beyond = page.at(-1)?.seq ?? beyond;
  }
}
