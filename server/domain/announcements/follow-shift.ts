import type { AreaTree } from '../areas/area.ts';
import { lostAbove, type Shift } from '../areas/moved.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Announcement, Decision } from './announcement.ts';
import type { AnnouncementRecords } from './announcement-records.ts';
import { allowanceOf, isAllowedIn, meantAreas } from './approval-areas.ts';
import { refusalOf } from './decisions.ts';

/** To how many announcements it is written. */
export interface Followed {
  /** What somebody said no to stays closed elsewhere. */
  readonly noes: number;
  /** Who answers for where they are meant for is asked now. */
  readonly asked: number;
}

/**
 * The territory changes: what a leader said no to in an area stays closed for what lay in it, wherever that lies from now on, until somebody who answers there says
 * yes to it by name. What was approved above an area that goes elsewhere, or has a "no" that went along, says for whom it is meant: so it waits there.
 */
export async function followShift(
  tx: Transaction,
  records: Pick<AnnouncementRecords, 'follow'>,
  shift: Shift,
): Promise<Followed> {
  let [noes, asked] = [0, 0];
  const went = new Set(shift.moved.flatMap(({ from }) => [...shift.before.within(from)]));
  const refused = await tx.announcements.refused();
  const known = new Set(refused.map(({ id }) => id));
  const approved = await tx.announcements.marked(['approved'], [...went]);
  for (const one of [...refused, ...approved.filter(({ id }) => !known.has(id))]) {
    const decisions = noesAfter(one.decisions, shift);
    const closed = decisions !== one.decisions;
    const asks = one.state === 'approved' && one.forAreas.length === 0 && (closed || isLost(one, shift));
    if (!closed && !asks) continue;
    const forAreas = asks ? meantAreas(one, shift.after) : one.forAreas;
    await records.follow(tx, one, { decisions, forAreas }, shift.after);
    if (closed) noes += 1;
    else asked += 1;
  }
  return { noes, asked };
}

/** Whether a "yes" was for where it is meant for, and is so no more. */
function isLost(announcement: Announcement, { before, after }: Shift): boolean {
  const allowance = allowanceOf(announcement);
  const isAllowed = (tree: AreaTree) =>
    meantAreas(announcement, tree).every((id) => isAllowedIn(allowance, id, tree));
  return isAllowed(before) && !isAllowed(after);
}

/** The decisions with each "no" that no longer lies above what it was for; the same ones where there is none. */
export function noesAfter(decisions: readonly Decision[], shift: Shift): readonly Decision[] {
  let now = decisions;
  for (const one of shift.moved) {
    const { from, to } = one;
    const own = now.find(({ areaId }) => areaId === to);
    // Who answers for the area that took it in has decided; a "yes" of its own leader never opened what a wider one had closed.
    if (own !== undefined && (own.verdict !== 'approved' || from !== to)) continue;
    const [no] = lostAbove(one, shift).flatMap((id) => refusalOf(decisions, id) ?? []);
    if (no !== undefined)
      now = [...now.filter(({ areaId }) => areaId !== to), { areaId: to, ...no, carried: true }];
  }
  return now;
}
