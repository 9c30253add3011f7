import { backoff, type Clock, delay } from '#kit';
import { type ChunkList, chunkListCodec, DomainError, type FileContent, sha256 } from '#protocols';
import type { ContentOrigin } from '../content-origin.ts';
import { bodyOf, httpGet } from '../link/http-get.ts';

/** More than the list of the largest content has. */
const LIMIT_BYTES = 2 * 1024 * 1024;
const RETRY = { baseMs: 250, maxMs: 5_000 };

/** Where the chunk list of a content is: below the content itself. */
export function chunkListPath(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? `${path}/chunks` : `${path.slice(0, query)}/chunks${path.slice(query)}`;
}

/** Fetches the chunk list of a content and proves it. Tries again until aborted; rejects with the signal's reason then. */
export async function fetchChunkList(options: {
  readonly content: FileContent;
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<ChunkList> {
  const { content, origin, clock, signal } = options;
  const delays = backoff(RETRY);
  for (;;) {
    try {
      const url = origin.url + chunkListPath(content.path);
      const { headers, agent } = origin;
      const body = await bodyOf(await httpGet(url, { headers, signal, agent }), LIMIT_BYTES);
      return prove(body, content);
    } catch {
      signal.throwIfAborted();
    }
    await delay(clock, 'chunk list', delays.next().value, signal);
  }
}

function prove(body: Buffer, content: FileContent): ChunkList {
  const actual = sha256(body);
  if (actual !== content.chunkListSha256)
    throw new DomainError('cache.hash_mismatch', { sha256: content.chunkListSha256 ?? '', actual });
  const list = chunkListCodec.parse(body);
  const count = Math.ceil(content.bytes / list.chunkBytes);
  if (list.sha256 !== content.sha256 || list.bytes !== content.bytes || list.chunks.length !== count)
    throw new DomainError('cache.hash_mismatch', { sha256: content.sha256, actual: list.sha256 });
  return list;
}
