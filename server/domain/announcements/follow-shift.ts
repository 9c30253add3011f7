import { lostAbove, type Shift } from '../areas/moved.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Decision } from './announcement.ts';
import type { AnnouncementRecords } from './announcement-records.ts';
import { refusalOf } from './decisions.ts';

/**
 * The territory changes: what a leader said no to in an area stays closed for what lay in it, wherever that lies from now on, until somebody who answers there says
 * yes to it by name. Resolves with how many announcements this is written to.
 */
export async function followShift(
  tx: Transaction,
  records: Pick<AnnouncementRecords, 'follow'>,
  shift: Shift,
): Promise<number> {
  let written = 0;
  for (const one of await tx.announcements.refused()) {
    const decisions = noesAfter(one.decisions, shift);
    if (decisions === one.decisions) continue;
    await records.follow(tx, one, decisions);
    written += 1;
  }
  return written;
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
