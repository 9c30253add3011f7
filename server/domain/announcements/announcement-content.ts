import type { FileContent, RelayContent } from '#protocols';
import type { Medium } from '../media/medium.ts';
import { mediumContent } from '../media/medium-content.ts';
import type { Announcement } from './announcement.ts';

/**
 * What an order says is to sound; null: there is nothing yet. `medium` is the announcement's audio: of a relay its fallback, if it has
 * one.
 */
export function announcementContent(
  { stream }: Pick<Announcement, 'stream'>,
  medium: Medium | null,
): FileContent | RelayContent | null {
  const file = medium === null ? null : mediumContent(medium);
  if (stream === null) return file;
  const { url, station, durationMs } = stream;
  return { kind: 'relay', url, station, durationMs, fallback: file };
}
