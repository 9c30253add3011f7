import type { Instant } from '#kit';
import type { Territory } from '../areas/territory.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import type { DraftPlan } from './draft-plan.ts';
import type { HeadBook } from './head-book.ts';
import type { StoredDocument, StoredHead, StoredSlot } from './plan.ts';
import type { SlotBook } from './slot-book.ts';
import type { SlotBroadcasts } from './slot-broadcasts.ts';
import { stillCleared } from './still-cleared.ts';

/** Rows of one transaction: a commit writes all of them to the disk at once, and holds everybody up for so long. */
const SLOTS_AT_ONCE = 250;
const DOCUMENTS_AT_ONCE = 100;

export interface PlanSaverOptions {
  readonly storage: Storage;
  readonly slots: SlotBook;
  readonly heads: HeadBook;
  readonly broadcasts: SlotBroadcasts;
  readonly territory: () => Territory;
  /** Told after the commit: these heads are in force now. */
  readonly onSaved: (heads: readonly StoredHead[]) => void;
}

/** What a compilation made. */
export interface CompiledPlan {
  readonly draft: DraftPlan;
  readonly heads: readonly StoredHead[];
  /** Those that the heads name and that are not stored yet. */
  readonly documents: readonly StoredDocument[];
}

/** Commits what a compilation made: slots, documents, heads, and the broadcasts of slots that are issued already. */
export class PlanSaver {
  readonly #options: PlanSaverOptions;

  constructor(options: PlanSaverOptions) {
    this.#options = options;
  }

  /**
   * One transaction {slots, documents, heads, broadcasts}. What is too much for one goes before it in others: new documents, which
   * nothing names yet, and slots, which the next compilation puts into heads if this one does not get so far. False when the slots are not
   * of the given version any more.
   */
  async save({ draft, heads, documents }: CompiledPlan, now: Instant, version: number): Promise<boolean> {
    const { storage, slots, onSaved } = this.#options;
    const { changed, withdrawn, unheard } = draft;
    if (changed.length + withdrawn.length + unheard.length + heads.length === 0) return true;
    const [lastDocuments = [], ...moreDocuments] = slices(documents, DOCUMENTS_AT_ONCE);
    const [lastSlots = [], ...moreSlots] = slices([...changed, ...unheard], SLOTS_AT_ONCE);
    for (const slice of moreDocuments) await storage.transaction((tx) => tx.plans.saveDocuments(slice));
    let expected = version;
    for (const slice of moreSlots) {
      if (!(await storage.transaction((tx) => this.#saveSlots(tx, slice, [], now, expected)))) return false;
      expected = slots.version;
    }
    return storage.transaction(async (tx) => {
      if (!(await this.#saveSlots(tx, lastSlots, withdrawn, now, expected))) return false;
      await tx.plans.saveDocuments(lastDocuments);
      await tx.plans.saveHeads(heads);
      tx.afterCommit(() => {
        this.#options.heads.put(heads);
        onSaved(heads);
      });
      return true;
    });
  }

  /** False when a slot was issued or taken back, or an approval, in between: transactions run one at a time, so from here on none is. */
  async #saveSlots(
    tx: Transaction,
    changed: readonly StoredSlot[],
    withdrawn: readonly StoredSlot[],
    now: Instant,
    version: number,
  ): Promise<boolean> {
    if (this.#options.slots.version !== version) return false;
    // What no plan ever held (`unheard`) is only accounted for.
    const signed = changed.filter(({ scopes }) => scopes.length > 0);
    if (!(await stillCleared(tx, signed, this.#options.territory()))) return false;
    const slots = [...changed, ...(await this.#withdraw(tx, withdrawn, now))];
    await tx.plans.saveSlots(slots);
    for (const slot of changed)
      if (slot.issuedAt !== null && slot.scopes.length > 0)
        await this.#options.broadcasts.change(tx, slot, now);
    tx.afterCommit(() => this.#options.slots.put(slots));
    return true;
  }

  /** Slots that were issued are cancelled; one that has not begun may be planned and issued again. */
  async #withdraw(tx: Transaction, withdrawn: readonly StoredSlot[], now: Instant): Promise<StoredSlot[]> {
    const taken: StoredSlot[] = [];
    for (const slot of withdrawn) {
      if (slot.issuedAt === null) {
        taken.push(slot);
        continue;
      }
      const revision = await this.#options.broadcasts.withdraw(tx, slot, now);
      taken.push({ ...slot, revision, issuedAt: slot.startsAt <= now ? slot.issuedAt : null });
    }
    return taken;
  }
}

/** The last part first: it is committed last, together with the heads. */
function slices<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  const parts: (readonly Item[])[] = [];
  for (let end = items.length; end > 0; end -= size) parts.push(items.slice(Math.max(0, end - size), end));
  return parts;
}
