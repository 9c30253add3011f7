import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  truncate,
  unlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  backoff,
  type Clock,
  delay,
  Exclusive,
  type Instant,
  Lifecycle,
  type Milliseconds,
  syncFolder,
  writeFileAtomic,
} from '#kit';
import { DomainError, type FileContent, isDomainError } from '#protocols';
import type { ContentOrigin } from '../content-origin.ts';
import { errorText, type Log } from '../log.ts';
import { ifMissing, isDiskFull } from '../state/files.ts';
import { fileState, Proofs } from './proofs.ts';
import { fetchRange } from './range-fetch.ts';

export interface EnsureOptions {
  readonly content: FileContent;
  readonly origin: ContentOrigin;
  readonly signal: AbortSignal;
  /** Waited before the first byte is asked for, so that a commune's loudspeakers do not all come at once. */
  readonly spreadMs?: number;
  readonly onProgress?: (fraction: number) => void;
  /** More of the partial file is there, or it has become another one. */
  readonly onMore?: () => void;
  /** An attempt failed with this code and will be made again. */
  readonly onTrouble?: (code: CacheTrouble) => void;
}

/** Why content is not here yet. */
export type CacheTrouble =
  | 'cache.disk_full'
  | 'cache.too_large'
  | 'cache.hash_mismatch'
  | 'cache.unreachable';

export interface ContentCacheOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Most that all files together may take. */
  readonly budgetBytes: number;
  readonly random?: () => number;
  /** Delays between attempts. */
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

/** Left free on the disk for the journal and everything else. */
const RESERVE_BYTES = 16 * 1024 * 1024;

interface Download {
  readonly result: Promise<string>;
  readonly abort: AbortController;
  readonly listeners: Set<EnsureOptions>;
  users: number;
  /** Somebody wants it now: it does not wait for the turn that it was given. */
  readonly hurry: AbortController;
  /** Ends the attempt under way, and the next one begins at so many bytes. */
  cut: (bytes: number) => void;
}

/**
 * Audio by the SHA-256 of its bytes. A file is under its own name only when every byte was proved; what is
 * under way is a `.part` beside it, and goes on after a restart. Content that is asked for several times at once is
 * fetched once. Nothing that is in use (`hold`) is evicted.
 */
export class ContentCache extends Lifecycle {
  readonly #options: ContentCacheOptions;
  readonly #downloads = new Map<string, Download>();
  readonly #held = new Map<string, number>();
  readonly #proofs = new Proofs();
  readonly #space = new Exclusive();
  /** Files that could not be read when they were last looked at. */
  readonly #unreadable = new Set<string>();

  constructor(options: ContentCacheOptions) {
    super();
    this.#options = options;
  }

  protected override async onStart(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    this.disposers.defer('downloads', async () => {
      for (const { abort } of this.#downloads.values()) abort.abort(new Error('the agent is stopping'));
      await Promise.allSettled([...this.#downloads.values()].map(({ result }) => result));
    });
  }

  /** Where content lies, or would lie. */
  pathOf(sha256: string): string {
    return join(this.#options.folder, sha256);
  }

  /** Where content lies while it comes. What is in it is not proved. */
  partialOf(sha256: string): string {
    return `${this.pathOf(sha256)}.part`;
  }

  /** What came of a file from this byte on is not what it should be: it is asked for again, at once. False: it is not under way. */
  distrust(sha256: string, fromBytes: number): boolean {
    const download = this.#downloads.get(sha256);
    download?.cut(fromBytes);
    return download !== undefined;
  }

  /** Keeps content from being evicted until the returned function is called. */
  hold(sha256: string): () => void {
    this.#held.set(sha256, (this.#held.get(sha256) ?? 0) + 1);
    let once = true;
    return () => {
      if (!once) return;
      once = false;
      const rest = (this.#held.get(sha256) ?? 1) - 1;
      if (rest > 0) this.#held.set(sha256, rest);
      else this.#held.delete(sha256);
    };
  }

  /**
   * The path of the content's file, fetched and proved. Tries again, whatever is wrong, until aborted; rejects with the
   * signal's reason then. What is wrong meanwhile is told to `onTrouble`.
   */
  async ensure(options: EnsureOptions): Promise<string> {
    const { content, signal } = options;
    signal.throwIfAborted();
    const ready = await this.#existing(content);
    if (ready !== undefined) return ready;
    // One that was given up is still putting its partial file down: two must not write to it.
    for (let old = this.#downloads.get(content.sha256); old?.abort.signal.aborted; )
      old = await old.result.then(
        () => this.#downloads.get(content.sha256),
        () => this.#downloads.get(content.sha256),
      );
    const download = this.#downloads.get(content.sha256) ?? this.#begin(options);
    download.users += 1;
    if ((options.spreadMs ?? 0) === 0) download.hurry.abort();
    download.listeners.add(options);
    try {
      return await Promise.race([download.result, rejected(signal)]);
    } finally {
      download.listeners.delete(options);
      download.users -= 1;
      // Nobody waits any more: what came stays in the partial file.
      if (download.users === 0) download.abort.abort(new Error('no longer needed'));
    }
  }

  /** Local monotonic time at which every byte of the file was proved, if it is that very file still; undefined: not in this run. Reads none of it. */
  provedAtMs({ sha256 }: FileContent): Promise<Milliseconds | undefined> {
    return this.#proofs.provedAtMs(this.pathOf(sha256));
  }

  /** Whether the file is here and right: proved before, or now. */
  async proved(content: FileContent): Promise<boolean> {
    return (await this.provedAtMs(content)) !== undefined || (await this.verify(content));
  }

  /**
   * Hashes the file again. False when it is missing; when it is no longer what its name says, then it is gone; and when it cannot be read just
   * now: then it stays, and the next `ensure` reads it again or fetches another.
   */
  async verify(content: FileContent): Promise<boolean> {
    const path = this.pathOf(content.sha256);
    const before = await fileState(path);
    let actual: string | undefined;
    try {
      actual = await ifMissing(hashOf(path), undefined);
    } catch (error) {
      this.#options.log.warn('a cached file cannot be read', { sha256: content.sha256, error });
      this.#proofs.forget(path);
      this.#unreadable.add(content.sha256);
      return false;
    }
    this.#unreadable.delete(content.sha256);
    if (actual === content.sha256) {
      this.#proofs.remember(path, before, this.#options.clock.monotonic());
      return true;
    }
    this.#proofs.forget(path);
    if (actual !== undefined) {
      this.#options.log.warn('a cached file is damaged and is removed', { sha256: content.sha256 });
      await rm(path, { force: true });
    }
    return false;
  }

  async #existing(content: FileContent): Promise<string | undefined> {
    const path = this.pathOf(content.sha256);
    // Of whatever cannot be read nothing is known: the attempts at a download, with their pauses, see to it.
    if (this.#unreadable.has(content.sha256)) return undefined;
    const found = await ifMissing(stat(path), undefined);
    if (found === undefined) return undefined;
    if (found.size !== content.bytes) {
      await rm(path, { force: true });
      return undefined;
    }
    const now = this.#options.clock.now() / 1000;
    // The order of eviction is the order of last use.
    const provedAtMs = await this.provedAtMs(content);
    await utimes(path, now, now);
    if (provedAtMs !== undefined) this.#proofs.remember(path, await fileState(path), provedAtMs);
    return path;
  }

  #begin(options: EnsureOptions): Download {
    const abort = new AbortController();
    const listeners = new Set<EnsureOptions>();
    const cuts: { cut: (bytes: number) => void } = { cut: () => undefined };
    const hurry = new AbortController();
    const result = this.#fetchUntilProved(options, abort.signal, listeners, cuts, hurry.signal).finally(() =>
      this.#downloads.delete(options.content.sha256),
    );
    // Whoever waits has it through `ensure`.
    result.catch(() => undefined);
    const cut = (bytes: number) => cuts.cut(bytes);
    const download = { result, abort, hurry, listeners, users: 0, cut };
    this.#downloads.set(options.content.sha256, download);
    return download;
  }

  async #fetchUntilProved(
    options: EnsureOptions,
    signal: AbortSignal,
    listeners: ReadonlySet<EnsureOptions>,
    cuts: Pick<Download, 'cut'>,
    hurry: AbortSignal,
  ): Promise<string> {
    const { clock, log, random, retry = { baseMs: 1_000, maxMs: 60_000 } } = this.#options;
    const { content, spreadMs = 0 } = options;
    if (spreadMs > 0)
      await delay(clock, 'cache.spread', spreadMs, AbortSignal.any([signal, hurry])).catch(() =>
        signal.throwIfAborted(),
      );
    const delays = backoff({ ...retry, ...(random && { random }) });
    while (true) {
      const release = this.hold(content.sha256);
      const attempt = new AbortController();
      let cutAt: number | undefined;
      cuts.cut = (bytes) => {
        cutAt = Math.min(bytes, cutAt ?? bytes);
        attempt.abort(new DomainError('cache.hash_mismatch', { sha256: content.sha256, actual: 'a chunk' }));
      };
      try {
        return await this.#fetchOnce(options, AbortSignal.any([signal, attempt.signal]), listeners);
      } catch (error) {
        signal.throwIfAborted();
        if (cutAt !== undefined) {
          await ifMissing(truncate(this.partialOf(content.sha256), cutAt), undefined);
          log.warn('a chunk of a download is not what it should be', { sha256: content.sha256, cutAt });
          continue;
        }
        for (const { onTrouble } of listeners) onTrouble?.(troubleOf(error));
        log.info('a download is tried again', { sha256: content.sha256, reason: errorText(error) });
      } finally {
        release();
      }
      await delay(clock, 'cache.retry', delays.next().value, signal);
    }
  }

  async #fetchOnce(
    { content, origin }: EnsureOptions,
    signal: AbortSignal,
    listeners: ReadonlySet<EnsureOptions>,
  ): Promise<string> {
    const partial = this.partialOf(content.sha256);
    const tagFile = `${partial}.etag`;
    if (this.#unreadable.has(content.sha256) && (await this.verify(content)))
      return this.pathOf(content.sha256);
    await this.#makeRoom(content);
    const etag = await ifMissing(readFile(tagFile, 'utf8'), undefined);
    try {
      await fetchRange({
        url: origin.url + content.path,
        headers: origin.headers,
        agent: origin.agent,
        partial,
        bytes: content.bytes,
        etag,
        signal,
        onProgress: (held) => {
          for (const { onProgress, onMore } of listeners) {
            onProgress?.(held / content.bytes);
            onMore?.();
          }
        },
        onEtag: (tag) => writeFileAtomic(tagFile, tag),
      });
    } catch (error) {
      if (isDomainError(error, 'cache.too_large')) await removePartial(partial);
      if (!isDiskFull(error)) throw error;
      await removePartial(partial);
      throw diskFull(content.bytes, await this.#free(), error);
    }
    const actual = await hashOf(partial);
    if (actual !== content.sha256) {
      await removePartial(partial);
      throw new DomainError('cache.hash_mismatch', { sha256: content.sha256, actual });
    }
    const path = this.pathOf(content.sha256);
    await rename(partial, path);
    this.#unreadable.delete(content.sha256);
    this.#proofs.remember(path, await fileState(path), this.#options.clock.monotonic());
    await rm(tagFile, { force: true });
    await syncFolder(this.#options.folder);
    return path;
  }

  /** Evicts what was used longest ago until the content fits into budget and disk. Throws `cache.disk_full`. */
  #makeRoom(content: FileContent): Promise<void> {
    return this.#space.run(async () => {
      const files = await this.#files();
      const name = `${content.sha256}.part`;
      const begun = files.find((file) => file.name === name)?.bytes ?? 0;
      const needed = Math.max(0, content.bytes - begun);
      let used = files.reduce((sum, file) => sum + file.bytes, 0);
      let free = await this.#free();
      const fits = () => used + needed <= this.#options.budgetBytes && free - needed >= RESERVE_BYTES;
      for (const file of files.sort((a, b) => a.usedAt - b.usedAt)) {
        if (fits()) return;
        const sha256 = file.name.slice(0, 64);
        if (this.#held.has(sha256) || this.#downloads.has(sha256)) continue;
        await ifMissing(unlink(join(this.#options.folder, file.name)), undefined);
        used -= file.bytes;
        free += file.bytes;
        this.#options.log.info('a cached file was evicted', { file: file.name, bytes: file.bytes });
      }
      if (!fits()) throw diskFull(content.bytes, Math.min(free, this.#options.budgetBytes - used));
    });
  }

  async #files(): Promise<{ name: string; bytes: number; usedAt: Instant }[]> {
    const { folder } = this.#options;
    const found: { name: string; bytes: number; usedAt: Instant }[] = [];
    for (const name of await readdir(folder)) {
      const info = await ifMissing(stat(join(folder, name)), undefined);
      if (info?.isFile()) found.push({ name, bytes: info.size, usedAt: info.mtimeMs });
    }
    return found;
  }

  async #free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#options.folder);
    return bavail * bsize;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function removePartial(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(`${partial}.etag`, { force: true });
}

function troubleOf(error: unknown): CacheTrouble {
  if (isDomainError(error, 'cache.disk_full')) return 'cache.disk_full';
  if (isDomainError(error, 'cache.too_large')) return 'cache.too_large';
  return isDomainError(error, 'cache.hash_mismatch') ? 'cache.hash_mismatch' : 'cache.unreachable';
}

function diskFull(bytes: number, free: number, cause?: unknown): DomainError {
  return new DomainError('cache.disk_full', { bytes, free: Math.max(0, free) }, { cause });
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
