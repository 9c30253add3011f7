import type { Clock, Instant } from '#kit';
import type { Actor } from '../accounts/actor.ts';
import type { Territory } from '../areas/territory.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { Stores } from '../unit-of-work.ts';
import type { Announcement } from './announcement.ts';
import type { AnnouncementRecords } from './announcement-records.ts';
import { overlap, related, within } from './approval-areas.ts';
import { approvalHash } from './approval-hash.ts';
import { openIn } from './decisions.ts';
import type { StandingApproval } from './standing-approval.ts';

/** What waits for somebody's approval, and in which of his areas. */
export interface Waiting {
  readonly announcement: Announcement;
  readonly areas: readonly string[];
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

export interface Asked {
  readonly waiting: readonly Waiting[];
  readonly covered: readonly Covered[];
  readonly past: readonly Past[];
}

interface Planned {
  readonly areas: ReadonlySet<string>;
  readonly leaves: readonly StandingApproval[];
}

export interface WaitingApprovalsOptions {
  readonly read: Pick<Stores, 'announcements' | 'broadcasts'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly records: AnnouncementRecords;
  readonly territory: () => Territory;
  /** Of these announcements those that anything still plans: the areas in which that lacks an approval soon, and the leaves by which some of it sounds. */
  readonly lacking: (ids: ReadonlySet<string>) => Promise<ReadonlyMap<string, Planned>>;
}

/** As much of what is over as somebody looks through. */
const MOST_PAST = 50;

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
  async of(actor: Actor, areaIds: readonly string[]): Promise<Asked> {
    const { records } = this.#options;
    const asked = await this.#asked(actor, areaIds);
    const lacking = await this.#options.lacking(new Set(asked.map(({ announcement }) => announcement.id)));
    const here = this.#options.territory();
    const aired = await this.#aired(asked.filter(({ announcement: { id } }) => !lacking.has(id)));
    const [waiting, covered, past]: [Waiting[], Covered[], Past[]] = [[], [], []];
    for (const { announcement, areas } of asked) {
      const { areas: lacks = [], leaves = [] } = lacking.get(announcement.id) ?? {};
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
      if (open.length > 0) waiting.push({ announcement, areas: open });
      if (byLeave.length > 0)
        covered.push({ announcement, areas: byLeave, leaves: [...new Set(byLeave.flatMap(covering))] });
      if (over.length > 0) {
        const lastAt = Math.max(...over.flatMap(heard).map(({ startsAt }) => startsAt));
        past.push({ announcement, areas: over, lastAt });
      }
    }
    past.sort((a, b) => b.lastAt - a.lastAt);
    return { waiting, covered, past: past.slice(0, MOST_PAST) };
  }

  /** The airings by leaves of what nothing plans any more, each of exactly what it is now, by announcement. */
  async #aired(over: readonly Waiting[]): Promise<ReadonlyMap<string, readonly Broadcast[]>> {
    const { read, clock } = this.#options;
    const hashes = new Map(over.map(({ announcement }) => [announcement.id, approvalHash(announcement)]));
    const found = new Map<string, Broadcast[]>();
    for (const one of await read.broadcasts.airedByLeave([...hashes.keys()], clock.now())) {
      const { announcementId, clearance } = one;
      const hash = announcementId === null ? null : hashes.get(announcementId);
      const same = clearance?.some((by) => by.kind === 'standing' && by.sha256 === hash);
      if (announcementId === null || !same) continue;
      const known = found.get(announcementId);
      if (known === undefined) found.set(announcementId, [one]);
      else known.push(one);
    }
    return found;
  }

  /** What nobody has said yes or no to in the actor's areas, oldest first. */
  async #asked(actor: Actor, areaIds: readonly string[]): Promise<Waiting[]> {
    const { read, records, territory } = this.#options;
    const found: Waiting[] = [];
    const wanted = new Set(areaIds);
    const here = territory();
    for (const announcement of await read.announcements.meantFor('waiting', related(areaIds, here))) {
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
      if (open.length > 0) found.unshift({ announcement, areas: open });
    }
    return found;
  }
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

/** Whether a broadcast was for somewhere in an area. */
function meansSomeOf({ targets }: Broadcast, areaId: string, territory: Territory): boolean {
  const { areas, speakers, excludeAreas } = targets;
  const places = [...areas, ...speakers.flatMap((id) => territory.areaOfSpeaker(id) ?? [])];
  return (
    places.some((one) => overlap(one, areaId, territory)) &&
    !excludeAreas.some((one) => within(areaId, one, territory))
  );
}
