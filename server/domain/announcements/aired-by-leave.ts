import type { Clock } from '#kit';
import type { Territory } from '../areas/territory.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { Stores } from '../unit-of-work.ts';
import type { Announcement } from './announcement.ts';
import { overlap, within } from './approval-areas.ts';
import { approvalHash } from './approval-hash.ts';

/** The airings by leaves of these announcements, each of exactly what it is now, by announcement. */
export async function airedByLeave(
  read: Pick<Stores, 'broadcasts'>,
  announcements: readonly Announcement[],
  clock: Pick<Clock, 'now'>,
): Promise<ReadonlyMap<string, readonly Broadcast[]>> {
  const hashes = new Map(announcements.map((one) => [one.id, approvalHash(one)]));
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

/** Whether a broadcast was for somewhere in an area. */
export function meansSomeOf({ targets }: Broadcast, areaId: string, territory: Territory): boolean {
  const { areas, speakers, excludeAreas } = targets;
  const places = [...areas, ...speakers.flatMap((id) => territory.areaOfSpeaker(id) ?? [])];
  return (
    places.some((one) => overlap(one, areaId, territory)) &&
    !excludeAreas.some((one) => within(areaId, one, territory))
  );
}

/** Whether a broadcast was for all of an area, and nothing that can come takes it back: so `meansSomeOf` holds in every part of it. */
export function meantAllOf(
  { targets, state }: Broadcast,
  areaId: string,
  territory: Pick<Territory, 'tree'>,
): boolean {
  return (
    (state === 'completed' || state === 'partial') &&
    targets.areas.some((one) => within(areaId, one, territory)) &&
    !targets.excludeAreas.some((one) => overlap(areaId, one, territory))
  );
}
