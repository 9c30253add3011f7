import type { Announcement } from '../announcements/announcement.ts';
import type { StandingApproval } from '../announcements/standing-approval.ts';
import type { AreaTree } from '../areas/area.ts';
import type { Territory } from '../areas/territory.ts';
import type { Medium } from '../media/medium.ts';
import type { Stores } from '../unit-of-work.ts';
import type { Programme, Schedule } from './schedule.ts';
import { TargetRules } from './target-rules.ts';

/** What a plan needs to know of a deliverable file. */
export type MediumFacts = Pick<Medium, 'sha256' | 'bytes' | 'durationMs' | 'chunkListSha256'>;

/** Everything that slots are made from besides their schedule: one picture, never changed. */
export interface SlotFacts {
  readonly tree: AreaTree;
  readonly territory: Territory;
  readonly rules: TargetRules;
  /** By id. */
  readonly programmes: ReadonlyMap<string, Programme>;
  /** By id. */
  readonly announcements: ReadonlyMap<string, Announcement>;
  /** By SHA-256. */
  readonly media: ReadonlyMap<string, MediumFacts>;
  /** Leaves for what changes within a series, by id of the series. */
  readonly standing: ReadonlyMap<string, readonly StandingApproval[]>;
}

/** Puts a picture together from what was read. */
export function slotFacts(
  territory: Territory,
  found: {
    readonly programmes: readonly Programme[];
    readonly announcements: readonly Announcement[];
    readonly media: readonly MediumFacts[];
    readonly standing?: readonly StandingApproval[];
  },
): SlotFacts {
  return {
    tree: territory.tree,
    territory,
    rules: new TargetRules(territory),
    programmes: new Map(found.programmes.map((one) => [one.id, one])),
    announcements: new Map(found.announcements.map((one) => [one.id, one])),
    media: new Map(found.media.map((one) => [one.sha256, one])),
    standing: bySeries(found.standing ?? []),
  };
}

/** Reads all that the slots of these schedules need, in a few statements. */
export async function readSlotFacts(
  read: Pick<Stores, 'programmes' | 'announcements' | 'media' | 'standing'>,
  territory: Territory,
  schedules: readonly Asked[],
): Promise<SlotFacts> {
  const contents = schedules.flatMap(({ content }) => content ?? []);
  const programmes = await read.programmes.some(
    contents.flatMap((content) => (content.kind === 'programme' ? [content.programmeId] : [])),
  );
  const announcements = await read.announcements.some([
    ...contents.flatMap((content) => (content.kind === 'announcement' ? [content.announcementId] : [])),
    ...programmes.flatMap(({ items }) => items.map(({ announcementId }) => announcementId)),
    ...schedules.flatMap(({ fallbackId }) => fallbackId ?? []),
  ]);
  const hashes = announcements.flatMap(({ mediaSha256 }) => (mediaSha256 === null ? [] : [mediaSha256]));
  const media = await read.media.describe(hashes);
  return slotFacts(territory, { programmes, announcements, media, standing: await read.standing.live() });
}

/** What a schedule asks for, as far as its facts go. */
interface Asked {
  readonly content?: Schedule['content'] | undefined;
  readonly fallbackId?: string | null | undefined;
}

/** Leaves by the series that they are for. */
export function bySeries(
  standing: readonly StandingApproval[],
): ReadonlyMap<string, readonly StandingApproval[]> {
  const found = new Map<string, StandingApproval[]>();
  for (const one of standing) {
    const known = found.get(one.seriesId);
    if (known === undefined) found.set(one.seriesId, [one]);
    else known.push(one);
  }
  return found;
}
