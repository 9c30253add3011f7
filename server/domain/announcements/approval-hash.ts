import { sha256 } from '#protocols';
import type { Announcement } from './announcement.ts';

/**
 * What an approval is of: the delivered bytes, or for a relay the hash of the stream, its length and its fallback together. Null
 * while there is nothing to approve.
 */
export function approvalHash({
  mediaSha256,
  stream,
}: Pick<Announcement, 'mediaSha256' | 'stream'>): string | null {
  if (stream === null) return mediaSha256;
  const { url, station, durationMs } = stream;
  return sha256(JSON.stringify(['relay', url, station, durationMs, mediaSha256]));
}

/** Whether what would sound now is what was approved. */
export function isApproved(
  announcement: Pick<Announcement, 'state' | 'approvedSha256' | 'mediaSha256' | 'stream'>,
): boolean {
  const { state, approvedSha256 } = announcement;
  return state === 'approved' && approvedSha256 !== null && approvedSha256 === approvalHash(announcement);
}
