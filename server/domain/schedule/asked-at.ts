import type { Instant } from '#kit';
import type { Schedule } from './schedule.ts';
import type { SlotFacts } from './slot-facts.ts';

type Content = Pick<SlotFacts, 'programmes' | 'announcements' | 'media'>;

/** All that a schedule's content is made of, and undefined for what is missing. */
export function contentOf(
  { content }: Pick<Schedule, 'content'>,
  { programmes, announcements, media }: Content,
): unknown[] {
  const programme = content.kind === 'programme' ? programmes.get(content.programmeId) : undefined;
  const ids =
    content.kind === 'announcement'
      ? [content.announcementId]
      : (programme?.items ?? []).map(({ announcementId }) => announcementId);
  return [
    programme,
    ...ids.flatMap((id) => {
      const announcement = announcements.get(id);
      return [announcement, media.get(announcement?.mediaSha256 ?? '')];
    }),
  ];
}

/**
 * When any of what a schedule asks for was last written: what would have begun before was not asked for then. Programmes and announcements count too: what
 * was approved after its time was not to sound then.
 */
export function askedAtOf(schedule: Pick<Schedule, 'content' | 'updatedAt'>, facts: Content): Instant {
  const written = contentOf(schedule, facts).map((part) =>
    typeof part === 'object' && part !== null && 'updatedAt' in part ? Number(part.updatedAt) : 0,
  );
  return Math.max(schedule.updatedAt, ...written);
}
