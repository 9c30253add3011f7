import { type FileHandle, open } from 'node:fs/promises';
import type { Agent as HttpsAgent } from 'node:https';
import { DomainError } from '#protocols';
import { httpGet } from '../link/http-get.ts';
import { systemCode } from '../state/files.ts';

/** Bytes after which a download is made durable in between: what a power cut may cost. */
const SYNC_EVERY_BYTES = 4 * 1024 * 1024;

export interface RangeFetchOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent?: HttpsAgent | undefined;
  /** The file that grows; what it holds already is not asked for again. */
  readonly partial: string;
  /** Announced size: nothing beyond is read. */
  readonly bytes: number;
  readonly etag: string | undefined;
  readonly signal: AbortSignal;
  /** Bytes held so far. */
  readonly onProgress: (held: number) => void;
  /** The controller's name for these bytes, as soon as it is known. */
  readonly onEtag: (etag: string) => Promise<void>;
}

/**
 * Brings a partial file to its announced size. The answer may be the rest (206) or the whole (200: it begins anew).
 * Throws `cache.too_large` when more comes than was announced, an `Error` for any other answer, and the disk's own.
 */
export async function fetchRange(options: RangeFetchOptions): Promise<void> {
  const { partial, bytes, etag, signal } = options;
  const file = await open(partial, 'a+', 0o644);
  try {
    let held = (await file.stat()).size;
    if (held > bytes) {
      await file.truncate(0);
      held = 0;
    }
    if (held === bytes) return;
    const range: Record<string, string> = held === 0 ? {} : { range: `bytes=${held}-` };
    if (held > 0 && etag !== undefined) range['if-range'] = etag;
    const headers = { ...options.headers, ...range };
    const response = await httpGet(options.url, { headers, signal, agent: options.agent });
    try {
      held = await beginAt(file, held, response.statusCode ?? 0, response.headers['content-range']);
      const newTag = response.headers.etag;
      if (newTag !== undefined && newTag !== etag) await options.onEtag(newTag);
      let unsynced = 0;
      for await (const part of response as AsyncIterable<Buffer>) {
        if (held + part.length > bytes)
          throw new DomainError('cache.too_large', { bytes: held + part.length, limit: bytes });
        await file.appendFile(part);
        held += part.length;
        unsynced += part.length;
        options.onProgress(held);
        if (unsynced >= SYNC_EVERY_BYTES) {
          await file.sync();
          unsynced = 0;
        }
      }
      if (held < bytes) throw new Error(`the connection ended after ${held} of ${bytes} bytes`);
    } finally {
      response.destroy();
    }
  } finally {
    // What came is kept for the next attempt; a failed fsync shows in the hash.
    await file.sync().catch((error) => {
      if (systemCode(error) === undefined) throw error;
    });
    await file.close();
  }
}

/** Where the answer's first byte belongs. */
async function beginAt(
  file: FileHandle,
  held: number,
  status: number,
  contentRange: string | undefined,
): Promise<number> {
  if (status === 206 && held > 0 && contentRange?.startsWith(`bytes ${held}-`)) return held;
  if (status === 200) {
    if (held > 0) await file.truncate(0);
    return 0;
  }
  if (status === 416 || status === 206) {
    await file.truncate(0);
    throw new Error('the controller has other bytes than were begun; beginning anew');
  }
  throw new Error(`the controller answered ${status}`);
}
