import type { Instant, Milliseconds } from '#kit';
import { type PlayOrder, repetitionMs } from '#protocols';
import { builtInPrelude, type ClearedPrelude, soundOf } from '../announcements/clearance.ts';
import { type LeavesAt, type StandingGrant, standingAt } from '../announcements/standing-approval.ts';
import type { Territory } from '../areas/territory.ts';
import { airTimeMs } from '../broadcasts/plan-broadcast.ts';
import type { Stores } from '../unit-of-work.ts';
import type { ProgrammeItem, Schedule } from './schedule.ts';
import { readSlotFacts, type SlotFacts } from './slot-facts.ts';

type Content = Pick<SlotFacts, 'programmes' | 'announcements' | 'media'>;

const lengths = new WeakMap<SlotFacts, WeakMap<Schedule, Milliseconds>>();

/** The leaves for a series at one of its occurrences, as these facts say. */
export function leavesAt(schedule: Schedule, originalAt: Instant, facts: SlotFacts): LeavesAt {
  const standing = facts.standing.get(schedule.seriesId);
  if (standing === undefined) return { grants: [], exceeded: [] };
  const bySchedule = lengths.get(facts) ?? new WeakMap<Schedule, Milliseconds>();
  const lengthMs = bySchedule.get(schedule) ?? composedMs(schedule, facts);
  lengths.set(facts, bySchedule.set(schedule, lengthMs));
  return standingAt(standing, schedule, originalAt, facts.territory, lengthMs);
}

/** Those that cover it, as the database is now. */
export async function readGrants(
  read: Pick<Stores, 'programmes' | 'announcements' | 'media' | 'standing'>,
  schedule: Schedule,
  originalAt: Instant,
  territory: Territory,
): Promise<readonly StandingGrant[]> {
  const standing = await read.standing.live();
  if (!standing.some(({ seriesId }) => seriesId === schedule.seriesId)) return [];
  return leavesAt(schedule, originalAt, await readSlotFacts(read, territory, [schedule])).grants;
}

/**
 * How long one occurrence is as it is composed, from the first sound to the last, whoever has approved what of it: so nobody makes room in it by leaving
 * something unapproved. What has no sound takes no time.
 */
export function composedMs({ content }: Pick<Schedule, 'content'>, facts: Content): Milliseconds {
  const { items, chime } = wantedItems(content, facts);
  let [nextMs, lengthMs] = [0, 0];
  for (const { announcementId, gapMs, repeat } of items) {
    const announcement = facts.announcements.get(announcementId);
    if (announcement === undefined) continue;
    const { mediaSha256 } = announcement;
    const sound = soundOf(announcement, mediaSha256 === null ? null : facts.media.get(mediaSha256));
    if (typeof sound === 'string') continue;
    const timing = timingOf(sound, { gapMs, repeat }, nextMs === 0 ? chime : null);
    lengthMs = nextMs + timing.airTimeMs;
    nextMs = lengthMs + gapMs;
  }
  return lengthMs;
}

/** What a schedule airs each time, in order, and the sound before the first that sounds. No items: its programme is not there. */
export function wantedItems(
  content: Schedule['content'],
  { programmes }: Pick<SlotFacts, 'programmes'>,
): { readonly items: readonly ProgrammeItem[]; readonly chime: string | null } {
  if (content.kind === 'announcement')
    return { items: [{ announcementId: content.announcementId, gapMs: 0, repeat: 1 }], chime: null };
  const programme = programmes.get(content.programmeId);
  return { items: programme?.items ?? [], chime: programme?.chime ?? null };
}

/** How an item of a session sounds: what goes before it, how often, and how long that takes. */
export function timingOf(
  content: PlayOrder['content'],
  { gapMs, repeat }: Pick<ProgrammeItem, 'gapMs' | 'repeat'>,
  chime: string | null,
): {
  readonly prelude: ClearedPrelude[];
  readonly repeat: PlayOrder['repeat'];
  readonly airTimeMs: Milliseconds;
} {
  const opening = chime === null ? null : builtInPrelude(chime);
  const prelude = opening === null ? [] : [opening];
  // A stream is of its moment: it is not played twice.
  const often = content.kind === 'relay' ? { count: 1, intervalMs: 0 } : { count: repeat, intervalMs: gapMs };
  return { prelude, repeat: often, airTimeMs: airTimeMs(repetitionMs({ content, prelude }), often) };
}
