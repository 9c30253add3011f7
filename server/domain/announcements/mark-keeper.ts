import type { Clock } from '#kit';
import type { AreaTree } from '../areas/area.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Shift } from '../areas/moved.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { Turns } from '../turns.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { airedByLeave, meantAllOf } from './aired-by-leave.ts';
import type { Announcement, Marked } from './announcement.ts';
import { openMarks } from './announcement-marks.ts';
import { areaNow } from './approval-areas.ts';
import { approvalHash } from './approval-hash.ts';
import type { HeardMark, OpenMark } from './mark.ts';
import type { WaitingApprovalsOptions } from './waiting-approvals.ts';

export interface MarkKeeperOptions extends Pick<WaitingApprovalsOptions, 'lacking' | 'named'> {
  readonly storage: Storage;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly areas: AreaDirectory;
}

/** Announcements whose marks are made in one transaction. */
const SLICE = 200;

/** Whether one sounds as it did when it was read. */
function isAsIn(read: readonly Announcement[]): (now: Announcement) => boolean {
  const hashes = new Map(read.map((one) => [one.id, approvalHash(one)]));
  return (now) => hashes.get(now.id) === approvalHash(now);
}

/** Keeps the marks that say where announcements wait right when something else changes than the announcement itself. */
export class MarkKeeper {
  readonly #options: MarkKeeperOptions;

  constructor(options: MarkKeeperOptions) {
    this.#options = options;
  }

  /** The territory changes: of all that is meant for somewhere above or below what lies elsewhere, or is no more. */
  async follow(tx: Transaction, { changed, before, after }: Shift): Promise<void> {
    const around = new Set(
      [before, after].flatMap((tree) => changed.flatMap((id) => [...tree.ancestry(id), ...tree.within(id)])),
    );
    // What names an area that was merged is meant for the one that took it in.
    const areaIds = [...after.ids()].filter((id) => around.has(id) || around.has(areaNow(id, after)));
    await this.#mark(tx, await tx.announcements.marked(['submitted', 'approved'], areaIds), after);
  }

  /** An area was entered: of what is decided in parts of the one that it lies in. */
  async entered(tx: Transaction, parentId: string, after: AreaTree): Promise<void> {
    await this.#mark(tx, await tx.announcements.marked(['parted'], [parentId]), after);
  }

  /**
   * Makes the marks that nobody has made yet, of before there were any; takes away what says that something was heard which may be planned again; and marks as heard
   * what is planned no more. Until then more is looked at, and nothing is overlooked.
   */
  async settle(): Promise<void> {
    await this.#markUnmarked();
    await this.#wakeHeard();
    await this.#markHeard();
  }

  async #markUnmarked(): Promise<void> {
    const { storage, areas } = this.#options;
    for (let after: string | undefined; ; ) {
      const page = { limit: SLICE, ...(after === undefined ? {} : { after }) };
      const unmarked = await storage.read.announcements.unmarked(page);
      if (unmarked.length === 0) return;
      const ids = unmarked.map(({ id }) => id);
      await storage.transaction(async (tx) => {
        await this.#mark(tx, await tx.announcements.some(ids), areas.tree);
      });
      after = ids.at(-1);
    }
  }

  async #wakeHeard(): Promise<void> {
    const { storage, areas, lacking, named } = this.#options;
    const heard = await storage.read.announcements.heardOf([...(await named())]);
    const planned = await lacking(new Set(heard.map(({ id }) => id)));
    if (planned.size === 0) return;
    await storage.transaction(async (tx) => {
      await this.#mark(tx, await tx.announcements.some([...planned.keys()]), areas.tree);
    });
  }

  async #markHeard(): Promise<void> {
    const { storage, areas, clock, lacking } = this.#options;
    const everywhere = [...areas.tree.ids()];
    const where = { areaIds: everywhere, parted: everywhere };
    for (let after: string | undefined; ; ) {
      const page = { limit: SLICE, ...(after === undefined ? {} : { after }) };
      const asked = await storage.read.announcements.asked(where, page);
      const planned = await lacking(new Set(asked.map(({ id }) => id)));
      const aired = await airedByLeave(
        storage.read,
        asked.filter(({ id }) => !planned.has(id)),
        clock,
      );
      if (aired.size > 0)
        await storage.transaction(async (tx) => {
          const now = await tx.announcements.some([...aired.keys()]);
          await this.#mark(tx, now.filter(isAsIn(asked)), areas.tree, aired);
        });
      after = asked.at(-1)?.id;
      if (asked.length < SLICE) return;
    }
  }

  /** `aired`: only those of which all of some area has heard this. */
  async #mark(
    tx: Transaction,
    announcements: readonly Announcement[],
    tree: AreaTree,
    aired?: ReadonlyMap<string, readonly Broadcast[]>,
  ): Promise<void> {
    const turns = new Turns(this.#options.clock);
    const made: Marked[] = [];
    for (const announcement of announcements) {
      await turns.take();
      const airings = aired?.get(announcement.id) ?? [];
      const open = openMarks(announcement, tree).map((mark): OpenMark | HeardMark => {
        const heard = airings.filter((one) => meantAllOf(one, mark.areaId, { tree }));
        if (heard.length === 0) return mark;
        return { areaId: mark.areaId, kind: 'heard', at: Math.max(...heard.map(({ startsAt }) => startsAt)) };
      });
      if (aired === undefined || open.some(({ kind }) => kind === 'heard')) made.push({ announcement, open });
    }
    await tx.announcements.mark(made);
  }
}
