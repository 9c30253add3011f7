import { sha256 } from '#protocols';
import type { Announcement, Decision } from './announcement.ts';

/** What an approver has read and listened to. */
type Approvable = Pick<
  Announcement,
  'title' | 'category' | 'language' | 'priority' | 'text' | 'mediaSha256' | 'stream' | 'stored'
>;

/**
 * What an approval is of: the delivered bytes, or the stream with its length and its fallback, together with all that is said about them.
 * Null while there is nothing that could sound. Hexadecimal SHA-256 of a JSON list in the order written here.
 */
export function approvalHash(announcement: Approvable): string | null {
  const { title, category, language, priority, text, mediaSha256, stream, stored } = announcement;
  if (stream === null && mediaSha256 === null) return null;
  const relay = stream === null ? null : [stream.url, stream.station, stream.durationMs];
  const said = [title, category, language, priority, text, stored];
  return sha256(JSON.stringify(['loa-approval/1', ...said, relay, mediaSha256]));
}

/** Whether what would sound now is what was approved. */
export function isApproved(
  announcement: Approvable & Pick<Announcement, 'state' | 'approvedSha256'>,
): boolean {
  const { state, approvedSha256 } = announcement;
  return state === 'approved' && approvedSha256 !== null && approvedSha256 === approvalHash(announcement);
}

/** The same announcement as it is once somebody approved exactly this in these areas, by default its own; unchanged while there is nothing to approve. */
export function asApproved(
  announcement: Announcement,
  areaIds: readonly string[] = [announcement.areaId],
): Announcement {
  const approvedSha256 = approvalHash(announcement);
  if (approvedSha256 === null) return announcement;
  const decisions = areaIds.map((areaId): Decision => {
    return { areaId, verdict: 'approved', by: '', as: null, at: announcement.updatedAt, reason: null };
  });
  return { ...announcement, state: 'approved', approvedSha256, decisions };
}
