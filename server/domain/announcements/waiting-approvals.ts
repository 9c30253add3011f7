import type { Clock, Instant } from '#kit';
import type { SessionTooLong } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import type { Territory } from '../areas/territory.ts';
import type { Stores } from '../unit-of-work.ts';
import { airedByLeave, meansSomeOf } from './aired-by-leave.ts';
import type { Announcement } from './announcement.ts';
import { mayWait } from './announcement-marks.ts';
import type { AnnouncementRecords } from './announcement-records.ts';
import { overlap, related, within } from './approval-areas.ts';
import { openIn } from './decisions.ts';
import type { StandingApproval } from './standing-approval.ts';

/** What waits for somebody's approval, and in which of his areas. */
export interface Waiting {
  readonly announcement: Announcement;
  readonly areas: readonly string[];
}

/** What nobody else has answered for either. */
export interface Unanswered extends Waiting {
  /** A leave for its series would cover it in some of these areas, if the session was not so long. */
  readonly tooLong: SessionTooLong | null;
}

/** What does not wait in some of his areas, because leaves for its series cover it there. */
export interface Covered extends Waiting {
  readonly leaves: readonly StandingApproval[];
}

/** What does not wait there either, because it has aired by a leave as it is and nothing plans it any more. */
export interface Past extends Waiting {
  /** When it last began there. */
  readonly lastAt: Instant;
}

/** One page of what is asked for. */
export interface Asked {
  readonly waiting: readonly Unanswered[];
  readonly covered: readonly Covered[];
  readonly past: readonly Past[];
  /** The last announcement that was looked at, where the list goes on; null: that was all. */
  readonly next: string | null;
}

/** How far somebody looks. */
export interface AskedPage {
  /** So many announcements at most. */
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: string | undefined;
  /** This one alone, whatever page it is on. */
  readonly announcement?: string | undefined;
}

interface Planned {
  readonly areas: ReadonlySet<string>;
  readonly leaves: readonly StandingApproval[];
  /** Where and why leaves for series do not cover it, the earliest first. */
  readonly tooLong: readonly (SessionTooLong & { readonly areas: readonly string[] })[];
}

export interface WaitingApprovalsOptions {
  readonly read: Pick<Stores, 'announcements' | 'broadcasts'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly records: AnnouncementRecords;
  readonly territory: () => Territory;
  /** Of these announcements those that anything still plans: the areas in which that lacks an approval soon, and the leaves by which some of it sounds. */
  readonly lacking: (ids: ReadonlySet<string>) => Promise<ReadonlyMap<string, Planned>>;
  /** All announcements that anything may still plan, and some more. */
  readonly named: () => Promise<ReadonlySet<string>>;
}

/** As much of what was heard long ago as somebody looks through. */
const MOST_HEARD = 50;

/** Says what waits for whose yes or no. */
export class WaitingApprovals {
  readonly #options: WaitingApprovalsOptions;

  constructor(options: WaitingApprovalsOptions) {
    this.#options = options;
  }

  /**
   * What waits for the actor's approval, oldest first; what a leave for its series covers there; and, newest first, what aired by one there as it is now and is not planned
   * any more: nobody has to decide about it. What never aired there goes on waiting.
   */
  async of(actor: Actor, areaIds: readonly string[], page: AskedPage): Promise<Asked> {
    const { read, clock, records } = this.#options;
    const [asked, next] = await this.#asked(actor, areaIds, page);
    const lacking = await this.#options.lacking(new Set(asked.map(({ announcement }) => announcement.id)));
    const here = this.#options.territory();
    const planned = ({ id }: Announcement) => lacking.has(id);
    const unplanned = asked.map(({ announcement }) => announcement).filter((one) => !planned(one));
    const aired = await airedByLeave(read, unplanned, clock);
    const [waiting, covered, past]: [Unanswered[], Covered[], Past[]] = [[], [], []];
    for (const { announcement, areas } of asked) {
      const { areas: lacks = [], leaves = [], tooLong = [] } = lacking.get(announcement.id) ?? {};
      const own = records.concerned(actor, 'announcement:approve', announcement);
      const inOwn = [...lacks].filter((one) => own.some((id) => overlap(one, id, here)));
      const covering = (id: string) => leaves.filter((one) => isForSomeOf(one, id, here));
      const lacksThere = (id: string) => inOwn.some((one) => overlap(one, id, here));
      const isCovered = (id: string) => covering(id).length > 0 && !lacksThere(id);
      const airings = aired.get(announcement.id) ?? [];
      const heard = (id: string) => airings.filter((one) => meansSomeOf(one, id, here));
      const over = areas.filter((id) => !isCovered(id) && heard(id).length > 0);
      const byLeave = areas.filter(isCovered);
      const open = areas.filter((id) => !byLeave.includes(id) && !over.includes(id));
      const isTooLong = ({ areas: there }: { readonly areas: readonly string[] }) =>
        there.some((one) => open.some((id) => overlap(one, id, here)));
      if (open.length > 0)
        waiting.push({ announcement, areas: open, tooLong: tooLong.find(isTooLong) ?? null });
      if (byLeave.length > 0)
        covered.push({ announcement, areas: byLeave, leaves: [...new Set(byLeave.flatMap(covering))] });
      if (over.length > 0) {
        const lastAt = Math.max(...over.flatMap(heard).map(({ startsAt }) => startsAt));
        past.push({ announcement, areas: over, lastAt });
      }
    }
    past.sort((a, b) => b.lastAt - a.lastAt);
    return { waiting, covered, past, next };
  }

  /** What nobody has said yes or no to in the actor's areas, oldest first. */
  async #asked(
    actor: Actor,
    areaIds: readonly string[],
    page: AskedPage,
  ): Promise<[asked: Waiting[], next: string | null]> {
    const { records, territory } = this.#options;
    const found: Waiting[] = [];
    const wanted = new Set(areaIds);
    const here = territory();
    const [announcements, next] = await this.#read(related(areaIds, here), here, page);
    for (const announcement of announcements) {
      if (!mayWait(announcement, here.tree)) continue;
      const own = records.concerned(actor, 'announcement:approve', announcement);
      const said = (id: string) => announcement.decisions.some((one) => one.areaId === id && !one.carried);
      // Of a wider area those in it that he answers for, until he has said something there.
      const open = openIn(announcement, here)
        .flatMap((id) =>
          own.some((one) => within(id, one, here))
            ? [id]
            : own.filter((one) => within(one, id, here) && !said(one)),
        )
        .filter((id) => wanted.has(id) || areaIds.some((one) => within(one, id, here)));
      if (open.length > 0) found.push({ announcement, areas: open });
    }
    return [found, next];
  }

  /** What is marked as open in these areas, oldest first; with the first page what was heard there last, and what was heard and may be planned again. */
  async #read(
    areaIds: readonly string[],
    here: Territory,
    { limit, after, announcement }: AskedPage,
  ): Promise<[found: readonly Announcement[], next: string | null]> {
    const { announcements } = this.#options.read;
    if (announcement !== undefined) return [await announcements.some([announcement]), null];
    const where = { areaIds, parted: areaIds.filter((id) => here.hasSpeakers(id)) };
    const asked = await announcements.asked(where, { limit, ...(after === undefined ? {} : { after }) });
    const next = asked.length < limit ? null : (asked.at(-1)?.id ?? null);
    const heard = after === undefined ? await announcements.heard(areaIds, MOST_HEARD) : [];
    if (heard.length === 0) return [asked, next];
    const again = await announcements.heardOf([...(await this.#options.named())]);
    const found = new Map([...asked, ...heard, ...again].map((one) => [one.id, one]));
    return [[...found.values()].sort(oldestFirst), next];
  }
}

function oldestFirst(a: Announcement, b: Announcement): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

/** Whether a leave holds somewhere in an area. */
function isForSomeOf(
  { areas, exceptAreas }: StandingApproval,
  areaId: string,
  territory: Territory,
): boolean {
  return (
    areas.some((one) => overlap(one, areaId, territory)) &&
    !exceptAreas.some((one) => within(areaId, one, territory))
  );
}
