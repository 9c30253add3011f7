import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '#kit';
import { type ChunkList, DomainError, type FileContent, sha256 } from '#protocols';
import type { ContentOrigin } from '../content-origin.ts';
import { ifMissing } from '../state/files.ts';
import { fetchChunkList } from './chunk-list.ts';
import type { ContentCache } from './content-cache.ts';

export interface EarlyContentOptions {
  readonly content: FileContent;
  readonly cache: Pick<ContentCache, 'ensure' | 'pathOf' | 'partialOf' | 'distrust'>;
  readonly origin: ContentOrigin;
  readonly clock: Clock;
  /** Ends everything; the whole file goes on coming only where somebody else wants it. */
  readonly signal: AbortSignal;
}

/** A whole, proved file, or its bytes from the beginning, each chunk proved before it is given. */
export type EarlyContent = { readonly file: string } | { readonly bytes: AsyncIterable<Uint8Array> };

/**
 * Content for somebody who cannot wait for all of it. The file comes into the cache as usual; meanwhile its chunks can be read as they
 * come. Bytes that do not match their chunk's hash are never given: they are fetched again. Rejects with the signal's reason.
 */
export async function earlyContent(options: EarlyContentOptions): Promise<EarlyContent> {
  const { content, cache, origin, signal } = options;
  const changes = new Changes();
  const whole = cache.ensure({ content, origin, signal, onMore: () => changes.tell() }).then((file) => {
    changes.tell();
    return { file };
  });
  whole.catch(() => undefined);
  signal.addEventListener('abort', () => changes.tell(), { once: true });
  if (content.chunkListSha256 === null) return whole;
  const list = fetchChunkList(options);
  list.catch(() => undefined);
  return Promise.race([whole, list.then((proved) => ({ bytes: chunks(options, proved, changes) }))]);
}

async function* chunks(
  { content, cache, signal }: EarlyContentOptions,
  list: ChunkList,
  changes: Changes,
): AsyncGenerator<Uint8Array> {
  for (const [index, hash] of list.chunks.entries()) {
    const at = index * list.chunkBytes;
    const length = Math.min(list.chunkBytes, content.bytes - at);
    for (;;) {
      signal.throwIfAborted();
      const seen = changes.count;
      const chunk = await readPart(cache, content.sha256, at, length);
      if (chunk !== undefined && sha256(chunk) === hash) {
        yield chunk;
        break;
      }
      if (chunk !== undefined && !cache.distrust(content.sha256, at))
        // The whole file is what it should be: then the list is not.
        throw new DomainError('cache.hash_mismatch', { sha256: content.sha256, actual: sha256(chunk) });
      await changes.after(seen);
    }
  }
}

/** So many bytes of the file as far as it has come; undefined when they have not. */
async function readPart(
  cache: EarlyContentOptions['cache'],
  hash: string,
  at: number,
  length: number,
): Promise<Buffer | undefined> {
  for (const path of [cache.partialOf(hash), cache.pathOf(hash)]) {
    const file = await ifMissing<FileHandle, undefined>(open(path, 'r'), undefined);
    if (file === undefined) continue;
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at);
      return bytesRead === length ? buffer : undefined;
    } finally {
      await file.close();
    }
  }
  return undefined;
}

/** Counts changes, and lets somebody wait for one more. */
class Changes {
  count = 0;
  #wake: () => void = () => undefined;

  tell(): void {
    this.count += 1;
    this.#wake();
  }

  async after(seen: number): Promise<void> {
    if (this.count > seen) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
