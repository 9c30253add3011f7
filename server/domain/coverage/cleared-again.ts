import type { Instant } from '#kit';
import { DomainError } from '#protocols';
import type { Announcement } from '../announcements/announcement.ts';
import { clear, type Unclear } from '../announcements/clearance.ts';
import type { StandingGrant } from '../announcements/standing-approval.ts';
import { namesOf } from '../areas/area-names.ts';
import type { Territory } from '../areas/territory.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { mediumOf } from '../media/medium.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { readGrants } from '../schedule/series-leaves.ts';
import type { Stores } from '../unit-of-work.ts';
import type { Aired } from './aired.ts';

/** Where a broadcast may be aired again, and by which leaves for its series besides what is approved by itself. */
export interface ClearedAgain {
  readonly speakerIds: readonly string[];
  readonly standing: readonly StandingGrant[];
  /** When the first of these leaves expires; infinite where there is none. */
  readonly until: Instant;
}

/** A broadcast that some loudspeakers missed. */
export interface Missed {
  readonly broadcast: Broadcast;
  readonly aired: Aired;
  readonly announcement: Announcement;
  /** Null: ordered by itself. */
  readonly schedule: Schedule | null;
  readonly speakerIds: readonly string[];
}

type Reads = Pick<Stores, 'announcements' | 'media' | 'programmes' | 'standing'>;

/**
 * Whether what was missed may be aired again: where it is approved, and where a leave that covered its occurrence still does and it sounds as it did then. Else why not:
 * `make_good.not_covered` for what aired by a leave, and what `BroadcastService.play` says of what is not approved.
 */
export async function clearedAgain(
  read: Reads,
  missed: Missed,
  territory: Territory,
  now: Instant,
): Promise<ClearedAgain | DomainError> {
  const { broadcast, announcement, schedule, speakerIds } = missed;
  const medium = await mediumOf(read, announcement);
  const targets = { areas: [], speakers: [...speakerIds], excludeAreas: [], excludeSpeakers: [] };
  const standing =
    schedule === null || broadcast.originalAt === null || !soundsAsThen(missed)
      ? []
      : (await readGrants(read, schedule, broadcast.originalAt, territory)).filter(
          ({ expiresAt }) => now < expiresAt,
        );
  const found = clear(announcement, medium, { targets, territory, standing });
  if ('unclear' in found) {
    const why = await whyNot(read, missed, now);
    return why === null ? refusalOf(announcement, found, territory) : notCovered(announcement.id, why);
  }
  const leaves = standing.filter(({ id }) =>
    found.by.some((one) => one.kind === 'standing' && one.id === id),
  );
  const until = Math.min(...leaves.map(({ expiresAt }) => expiresAt));
  return { speakerIds: found.targets.speakers, standing: leaves, until };
}

/** Next week's episode is not this one, which was missed. */
function soundsAsThen({ aired: { order }, announcement }: Missed): boolean {
  const { content } = order ?? {};
  return content === undefined || ('sha256' in content && content.sha256 === announcement.mediaSha256);
}

/** Why the leave that it aired by does not cover it any more; null: it aired by none. */
async function whyNot(read: Reads, missed: Missed, now: Instant): Promise<string | null> {
  const aired = missed.broadcast.clearance?.find(({ kind }) => kind === 'standing');
  if (aired?.kind !== 'standing') return null;
  const leave = await read.standing.get(aired.id);
  if (leave === null || leave.endedAt !== null) return 'the leave has ended';
  if (leave.expiresAt <= now) return 'the leave has expired';
  if (!soundsAsThen(missed)) return 'it sounds otherwise now';
  return 'the announcement or its series is no longer what the leave is for';
}

function notCovered(id: string, reason: string): DomainError {
  return new DomainError('make_good.not_covered', { id, reason });
}

function refusalOf(
  { id, state }: Announcement,
  { unclear, missing }: { readonly unclear: Unclear; readonly missing: readonly string[] },
  { tree }: Territory,
): DomainError {
  return unclear === 'not_here'
    ? new DomainError('approval.areas_missing', { id, areas: namesOf(missing, tree) })
    : new DomainError('announcement.not_approved', { id, state });
}
