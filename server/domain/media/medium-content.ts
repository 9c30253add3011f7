import type { FileContent } from '#protocols';
import type { Medium } from './medium.ts';

/** Media type of every deliverable file. */
export const MEDIUM_TYPE = 'audio/ogg; codecs=opus';

/** A medium as orders and plan heads name it: in whole milliseconds, for what follows it begins at the next. */
export function mediumContent(
  medium: Pick<Medium, 'sha256' | 'bytes' | 'durationMs' | 'chunkListSha256'>,
): FileContent {
  return {
    kind: 'file',
    sha256: medium.sha256,
    bytes: medium.bytes,
    durationMs: Math.ceil(medium.durationMs),
    chunkListSha256: medium.chunkListSha256,
    path: `/api/v1/media/${medium.sha256}`,
    mediaType: MEDIUM_TYPE,
  };
}
