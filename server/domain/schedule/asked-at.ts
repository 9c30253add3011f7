import type { Instant } from '#kit';
import type { Schedule } from './schedule.ts';
import type { SlotFacts } from './slot-facts.ts';

type Content = Pick<SlotFacts, 'programmes' | 'announcements' | 'media'>;
type Asking = Pick<Schedule, 'content' | 'fallbackId' | 'seriesId' | 'updatedAt'>;

/** All that a schedule's content is made of, and undefined for what is missing. */
export function contentOf(
  { content, fallbackId }: Pick<Schedule, 'content' | 'fallbackId'>,
  { programmes, announcements, media }: Content,
): unknown[] {
  const programme = content.kind === 'programme' ? programmes.get(content.programmeId) : undefined;
  const ids =
    content.kind === 'announcement'
      ? [content.announcementId]
      : (programme?.items ?? []).map(({ announcementId }) => announcementId);
  return [
    programme,
    ...[...ids, ...(fallbackId === null ? [] : [fallbackId])].flatMap((id) => {
      const announcement = announcements.get(id);
      return [announcement, media.get(announcement?.mediaSha256 ?? '')];
    }),
  ];
}

/**
 * When any of what a schedule asks for was last written: what would have begun before was not asked for then. Programmes, announcements and
 * leaves count too: what was approved after its time was not to sound then.
 */
export function askedAtOf(schedule: Asking, facts: Content & Pick<SlotFacts, 'standing'>): Instant {
  const written = contentOf(schedule, facts).map((part) =>
    typeof part === 'object' && part !== null && 'updatedAt' in part ? Number(part.updatedAt) : 0,
  );
  const leaves = (facts.standing.get(schedule.seriesId) ?? []).map(({ at }) => at);
  return Math.max(schedule.updatedAt, ...written, ...leaves);
}
