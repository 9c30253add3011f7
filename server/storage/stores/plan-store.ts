import type { PlanStore, StoredDocument, StoredHead, StoredSlot } from '../../domain/plans/plan.ts';
import type { Models } from '../client.ts';
import type { Access } from '../engine.ts';
import { type FastPath, writeEach } from '../fast-path.ts';
import { allPages, inParts, PAGE_ROWS } from '../paging.ts';
import { fromJson } from './json.ts';
import { DOCUMENT, HEAD, SLOT, type SlotRow } from './plan-tables.ts';

type ReadSlotRow = Omit<SlotRow, 'revision'> & { readonly revision: number | bigint };

export class DatabasePlanStore implements PlanStore {
  readonly #models: Models;
  readonly #fast: FastPath;

  constructor({ models, fast }: Access) {
    this.#models = models;
    this.#fast = fast;
  }

  async heads(): Promise<StoredHead[]> {
    const rows = await allPages((after: { readonly scope: string } | undefined) =>
      this.#models.planHead.findMany({
        where: { scope: { gt: after?.scope ?? '' } },
        orderBy: { scope: 'asc' },
        take: PAGE_ROWS,
      }),
    );
    return rows.map((row) => ({ ...row, revision: Number(row.revision) }));
  }

  async saveHeads(heads: readonly StoredHead[]): Promise<void> {
    await this.#fast.write(HEAD, heads);
  }

  async document(sha256: string): Promise<string | null> {
    return (await this.#models.planDocument.findUnique({ where: { sha256 } }))?.body ?? null;
  }

  async saveDocuments(documents: readonly StoredDocument[]): Promise<void> {
    await this.#fast.write(DOCUMENT, documents);
  }

  async pruneDocuments(before: number, keep: ReadonlySet<string>): Promise<void> {
    const old = await allPages((after: { readonly sha256: string } | undefined) =>
      this.#models.planDocument.findMany({
        where: { createdAt: { lt: before }, sha256: { gt: after?.sha256 ?? '' } },
        orderBy: { sha256: 'asc' },
        take: PAGE_ROWS,
        select: { sha256: true },
      }),
    );
    const gone = old.map(({ sha256 }) => sha256).filter((sha256) => !keep.has(sha256));
    await inParts(gone, async (part) => {
      await this.#models.planDocument.deleteMany({ where: { sha256: { in: part } } });
      return [];
    });
  }

  async slots(from: number, to: number): Promise<StoredSlot[]> {
    return this.#fast.range(SLOT, 'startsAt', [from, to], toSlot);
  }

  async slotsOf(broadcastIds: readonly string[]): Promise<StoredSlot[]> {
    const rows = await inParts(broadcastIds, (part) =>
      this.#models.plannedSlot.findMany({ where: { broadcastId: { in: part } } }),
    );
    return rows.map(toSlot).sort((a, b) => (a.broadcastId < b.broadcastId ? -1 : 1));
  }

  async unissued(
    from: number,
    to: number,
    after?: Pick<StoredSlot, 'startsAt' | 'broadcastId'>,
  ): Promise<StoredSlot[]> {
    const rows = await this.#models.plannedSlot.findMany({
      where: {
        ...{ startsAt: { gte: after?.startsAt ?? from, lt: to }, issuedAt: null, withdrawnAt: null },
        ...(after === undefined
          ? {}
          : { OR: [{ startsAt: { gt: after.startsAt } }, { broadcastId: { gt: after.broadcastId } }] }),
      },
      orderBy: [{ startsAt: 'asc' }, { broadcastId: 'asc' }],
      take: PAGE_ROWS,
    });
    return rows.map(toSlot);
  }

  async nextStart(from: number): Promise<number | null> {
    const row = await this.#models.plannedSlot.findFirst({
      where: { startsAt: { gte: from }, issuedAt: null, withdrawnAt: null },
      orderBy: { startsAt: 'asc' },
      select: { startsAt: true },
    });
    return row?.startsAt ?? null;
  }

  async slot(broadcastId: string): Promise<StoredSlot | null> {
    const row = await this.#models.plannedSlot.findUnique({ where: { broadcastId } });
    return row === null ? null : toSlot(row);
  }

  async saveSlots(slots: readonly StoredSlot[]): Promise<void> {
    await writeEach(this.#fast, SLOT, slots, (slot) => ({ ...slot, scopes: JSON.stringify(slot.scopes) }));
  }

  async markIssued(broadcastId: string, at: number): Promise<boolean> {
    const { count } = await this.#models.plannedSlot.updateMany({
      where: { broadcastId, issuedAt: null },
      data: { issuedAt: at },
    });
    return count === 1;
  }
}

function toSlot(row: ReadSlotRow): StoredSlot {
  return { ...row, revision: Number(row.revision), scopes: fromJson<string[]>(row.scopes) };
}
