import type { Clock, Instant } from '#kit';
import type { SessionTooLong } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import type { Territory } from '../areas/territory.ts';
import { Turns } from '../turns.ts';
import type { Stores } from '../unit-of-work.ts';
import { airedByLeave, meansSomeOf } from './aired-by-leave.ts';
import type { Announcement, AskedWhere } from './announcement.ts';
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
  /** The newest of those that were looked at. */
  readonly past: readonly Past[];
  /** The last announcement that was looked at, where the list goes on; null: that was all. */
  readonly next: string | null;
}

/** How far somebody looks. */
export interface AskedPage {
  /** So many that wait, and what does not wait among them. What waits and was marked as heard comes besides, with the first page. */
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
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly records: AnnouncementRecords;
  readonly territory: () => Territory;
  /** Of these announcements those that anything still plans: the areas in which that lacks an approval soon, and the leaves by which some of it sounds. */
  readonly lacking: (ids: ReadonlySet<string>) => Promise<ReadonlyMap<string, Planned>>;
  /** All announcements that anything may still plan, and some more. */
  readonly named: () => Promise<ReadonlySet<string>>;
}

/** As much of what is past as one answer tells of. */
const MOST_PAST = 50;
/** Announcements that are looked at for one page: so one on which nothing waits may have others after it. */
const MOST_LOOKED_AT = 2_000;
/** Of which so many are read together, however short a page is wanted. */
const LEAST_READ = 100;

/** Who asks about which areas, and what was found so far. */
interface Look {
  readonly actor: Actor;
  readonly areaIds: readonly string[];
  readonly waiting: Unanswered[];
  readonly covered: Covered[];
  readonly past: Past[];
  /** Ids of what was looked at. */
  readonly seen: Set<string>;
}

/** Says what waits for whose yes or no. */
export class WaitingApprovals {
  readonly #options: WaitingApprovalsOptions;

  constructor(options: WaitingApprovalsOptions) {
    this.#options = options;
  }

  /**
   * What waits for the actor's approval, oldest first; what a leave for its series covers there; and, newest first, what aired by one there as it is now and is not planned
   * any more: nobody has to decide about it. What never aired there goes on waiting. However much does not wait, what does comes on the first page that has room for
   * it, unless more than 2 000 announcements would be looked at.
   */
  async of(
    actor: Actor,
    areaIds: readonly string[],
    { limit, after, announcement }: AskedPage,
  ): Promise<Asked> {
    const { read, territory } = this.#options;
    const look: Look = { actor, areaIds, waiting: [], covered: [], past: [], seen: new Set() };
    const { waiting, covered, past } = look;
    if (announcement !== undefined) {
      await this.#judge(look, await read.announcements.some([announcement]));
      return { waiting, covered, past, next: null };
    }
    const here = territory();
    const near = related(areaIds, here);
    const where = { areaIds: near, parted: near.filter((id) => here.hasSpeakers(id)) };
    if (after === undefined) await this.#judge(look, await this.#heard(where));
    const next = await this.#readOn(look, where, limit, after);
    waiting.sort(oldestFirst);
    covered.sort(oldestFirst);
    past.sort((a, b) => b.lastAt - a.lastAt);
    return { waiting, covered, past: past.slice(0, MOST_PAST), next };
  }

  /** What was heard there last, and what was heard and may be planned again; but what is asked for there as well, which comes in its turn. */
  async #heard(where: AskedWhere): Promise<Announcement[]> {
    const { announcements } = this.#options.read;
    const heard = await announcements.heard(where.areaIds, MOST_PAST);
    if (heard.length === 0) return [];
    const again = await announcements.heardOf([...(await this.#options.named())]);
    const found = new Map([...heard, ...again].map((one) => [one.id, one]));
    const asked = await announcements.askedOf([...found.keys()], where);
    return [...found.values()].filter(({ id }) => !asked.has(id));
  }

  /** Looks at what is marked as open, oldest first, until `limit` more wait; the last one that was looked at, or null: that was all. */
  async #readOn(
    look: Look,
    where: AskedWhere,
    limit: number,
    after: string | undefined,
  ): Promise<string | null> {
    const { read, clock } = this.#options;
    const turns = new Turns(clock);
    const most = look.waiting.length + limit;
    const size = Math.max(limit, LEAST_READ);
    let last = after;
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += size) {
      const page = { limit: size, ...(last === undefined ? {} : { after: last }) };
      const asked = await read.announcements.asked(where, page);
      const judged = await this.#judge(look, asked, most);
      if (judged === asked.length && asked.length < size) return null;
      last = asked[judged - 1]?.id ?? last;
      if (look.waiting.length >= most) break;
      await turns.turn();
    }
    return last ?? null;
  }

  /** Tells apart what waits and what does not, until so many wait; how many were looked at. */
  async #judge(
    look: Look,
    announcements: readonly Announcement[],
    most = Number.POSITIVE_INFINITY,
  ): Promise<number> {
    const { read, clock, records } = this.#options;
    const { actor, waiting, covered, past, seen } = look;
    const asked = this.#asked(look, announcements);
    const lacking = await this.#options.lacking(new Set(asked.keys()));
    const unplanned = announcements.filter(({ id }) => asked.has(id) && !lacking.has(id));
    const aired = await airedByLeave(read, unplanned, clock);
    const here = this.#options.territory();
    for (const [i, announcement] of announcements.entries()) {
      if (waiting.length >= most) return i;
      const areas = asked.get(announcement.id);
      if (areas === undefined || seen.has(announcement.id)) continue;
      seen.add(announcement.id);
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
    return announcements.length;
  }

  /** Of these announcements those to which nobody has said yes or no in the actor's areas, by id, and where. */
  #asked(
    { actor, areaIds }: Look,
    announcements: readonly Announcement[],
  ): ReadonlyMap<string, readonly string[]> {
    const { records, territory } = this.#options;
    const found = new Map<string, readonly string[]>();
    const wanted = new Set(areaIds);
    const here = territory();
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
      if (open.length > 0) found.set(announcement.id, open);
    }
    return found;
  }
}

function oldestFirst({ announcement: a }: Waiting, { announcement: b }: Waiting): number {
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
