import type { Announcement } from '../announcements/announcement.ts';
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
}

/** Puts a picture together from what was read. */
export function slotFacts(
  territory: Territory,
  found: {
    readonly programmes: readonly Programme[];
    readonly announcements: readonly Announcement[];
    readonly media: readonly MediumFacts[];
  },
): SlotFacts {
  return {
    tree: territory.tree,
    territory,
    rules: new TargetRules(territory),
    programmes: new Map(found.programmes.map((one) => [one.id, one])),
    announcements: new Map(found.announcements.map((one) => [one.id, one])),
    media: new Map(found.media.map((one) => [one.sha256, one])),
  };
}

/** Reads all that the slots of these schedules need, in a few statements. */
export async function readSlotFacts(
  read: Pick<Stores, 'programmes' | 'announcements' | 'media'>,
  territory: Territory,
  schedules: readonly Pick<Schedule, 'content'>[],
): Promise<SlotFacts> {
  const contents = schedules.map(({ content }) => content);
  const programmes = await read.programmes.some(
    contents.flatMap((content) => (content.kind === 'programme' ? [content.programmeId] : [])),
  );
  const announcements = await read.announcements.some([
    ...contents.flatMap((content) => (content.kind === 'announcement' ? [content.announcementId] : [])),
    ...programmes.flatMap(({ items }) => items.map(({ announcementId }) => announcementId)),
  ]);
  const hashes = announcements.flatMap(({ mediaSha256 }) => (mediaSha256 === null ? [] : [mediaSha256]));
  return slotFacts(territory, { programmes, announcements, media: await read.media.describe(hashes) });
}
