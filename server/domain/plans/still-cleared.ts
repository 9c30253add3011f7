import type { Announcement } from '../announcements/announcement.ts';
import { clearAgain } from '../announcements/clearance.ts';
import type { Territory } from '../areas/territory.ts';
import { leavesAt } from '../schedule/series-leaves.ts';
import { type MediumFacts, readSlotFacts } from '../schedule/slot-facts.ts';
import type { Stores } from '../unit-of-work.ts';
import type { StoredSlot } from './plan.ts';
import { readLine } from './slot-line.ts';

/** What is known of the audio of these announcements, by SHA-256. */
export async function mediaOf(
  { media }: Pick<Stores, 'media'>,
  announcements: readonly Announcement[],
): Promise<ReadonlyMap<string, MediumFacts>> {
  const hashes = announcements.flatMap(({ mediaSha256 }) => mediaSha256 ?? []);
  return new Map((await media.describe(hashes)).map((one) => [one.sha256, one]));
}

/**
 * Whether all that these slots name is approved for everybody whom they mean, and sounds as they say: asked in the transaction that puts them in force, because an
 * approval may have been taken back while they were compiled.
 */
export async function stillCleared(
  stores: Pick<Stores, 'announcements' | 'media' | 'programmes' | 'schedules' | 'standing'>,
  slots: readonly StoredSlot[],
  territory: Territory,
): Promise<boolean> {
  const found = await stores.announcements.some([...new Set(slots.map((slot) => slot.announcementId))]);
  const announcements = new Map(found.map((one) => [one.id, one]));
  const media = await mediaOf(stores, found);
  const led = new Set((await stores.standing.live()).map(({ seriesId }) => seriesId));
  const ids = new Set(slots.map(({ scheduleId }) => scheduleId));
  // Those that have a leave: of any other nothing is asked but what was approved by itself.
  const schedules = new Map(
    (await stores.schedules.active())
      .filter(({ id, seriesId }) => ids.has(id) && led.has(seriesId))
      .map((one) => [one.id, one]),
  );
  const facts = await readSlotFacts(stores, territory, [...schedules.values()]);
  return slots.every(({ announcementId, scheduleId, originalAt, line }) => {
    const one = announcements.get(announcementId);
    if (one === undefined) return false;
    const schedule = schedules.get(scheduleId);
    const grants = schedule === undefined ? [] : leavesAt(schedule, originalAt, facts).grants;
    return clearAgain(readLine(line), one, media.get(one.mediaSha256 ?? ''), territory, grants) !== null;
  });
}
