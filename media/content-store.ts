import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Lifecycle, syncFolder } from '#kit';
import { DomainError, isDomainError } from '#protocols';

/** One stored file. */
export interface StoredContent {
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
}

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Files named by the SHA-256 of their bytes: `<folder>/ab/abcd…`. A name is there only when the whole file is, through
 * power cuts too: written elsewhere → fsync → rename → fsync of the folder. A stored file never changes.
 *
 * `start` makes the folders and removes what an earlier process left half-written. One process owns the folder.
 */
export class ContentStore extends Lifecycle {
  readonly #folder: string;
  /** Where files are made before they have a name; on the same disk. Empty after `start`. */
  readonly workFolder: string;

  constructor(options: { readonly folder: string }) {
    super();
    this.#folder = options.folder;
    this.workFolder = join(options.folder, 'work');
  }

  protected async onStart(): Promise<void> {
    await rm(this.workFolder, { recursive: true, force: true });
    await mkdir(this.workFolder, { recursive: true });
    await syncFolder(this.#folder);
  }

  /**
   * Moves a finished file from `workFolder` into the store. The bytes are hashed again on the way: what they are decides,
   * and `media.hash_mismatch` is thrown when it is not `sha256`. Storing what is stored already, or by several callers at
   * once, is one file. The temporary file is gone afterwards in every case.
   */
  async put(temporaryPath: string, sha256: string): Promise<StoredContent> {
    const path = this.#path(sha256);
    try {
      const file = await open(temporaryPath, 'r+');
      try {
        const actual = await hashOf(file);
        if (actual !== sha256) throw new DomainError('media.hash_mismatch', { sha256, actual });
        await file.sync();
      } finally {
        await file.close();
      }
      const shelf = join(this.#folder, sha256.slice(0, 2));
      // Made anew or not: another call may have made it and not have synced it yet.
      await mkdir(shelf, { recursive: true });
      await syncFolder(this.#folder);
      await rename(temporaryPath, path);
      await syncFolder(shelf);
    } catch (error) {
      await rm(temporaryPath, { force: true });
      throw asDiskFull(error);
    }
    return this.open(sha256);
  }

  /** Stores bytes that are in memory: a chunk list, say. */
  async putBytes(data: Uint8Array): Promise<StoredContent> {
    const sha256 = createHash('sha256').update(data).digest('hex');
    const temporaryPath = this.temporaryPath();
    try {
      const file = await open(temporaryPath, 'wx');
      try {
        await file.writeFile(data);
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(temporaryPath, { force: true });
      throw asDiskFull(error);
    }
    return this.put(temporaryPath, sha256);
  }

  /** A new name in `workFolder` for a file to be made. */
  temporaryPath(): string {
    return join(this.workFolder, `${randomBytes(12).toString('hex')}.new`);
  }

  /** Where a stored file lies and how long it is. Throws `media.not_stored`. The bytes are not read: see `verify`. */
  async open(sha256: string): Promise<StoredContent> {
    const path = this.#path(sha256);
    try {
      const { size } = await stat(path);
      return { sha256, path, bytes: size };
    } catch (error) {
      if (missing(error)) throw new DomainError('media.not_stored', { sha256 });
      throw error;
    }
  }

  async has(sha256: string): Promise<boolean> {
    try {
      await this.open(sha256);
      return true;
    } catch (error) {
      if (isDomainError(error, 'media.not_stored')) return false;
      throw error;
    }
  }

  /** Reads a stored file and compares. Throws `media.not_stored` or `media.hash_mismatch`. */
  async verify(sha256: string): Promise<StoredContent> {
    const stored = await this.open(sha256);
    const hash = createHash('sha256');
    for await (const piece of createReadStream(stored.path)) hash.update(piece);
    const actual = hash.digest('hex');
    if (actual !== sha256) throw new DomainError('media.hash_mismatch', { sha256, actual });
    return stored;
  }

  /** Removes a stored file; says whether there was one. */
  async delete(sha256: string): Promise<boolean> {
    try {
      await rm(this.#path(sha256));
    } catch (error) {
      if (missing(error)) return false;
      throw error;
    }
    await syncFolder(join(this.#folder, sha256.slice(0, 2)));
    return true;
  }

  /** Every stored hash, in order. */
  async list(): Promise<string[]> {
    const shelves = (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort();
    const names = await Promise.all(shelves.map((shelf) => readdir(join(this.#folder, shelf))));
    return names
      .flat()
      .filter((name) => SHA256.test(name))
      .sort();
  }

  /** Every stored hash with the instant at which its file was written, by the disk's clock. */
  async written(): Promise<{ readonly sha256: string; readonly at: number }[]> {
    const found: { readonly sha256: string; readonly at: number }[] = [];
    for (const sha256 of await this.list()) {
      const facts = await stat(this.#path(sha256)).catch(() => undefined);
      if (facts !== undefined) found.push({ sha256, at: facts.mtimeMs });
    }
    return found;
  }

  #path(sha256: string): string {
    if (!SHA256.test(sha256)) throw new DomainError('media.not_stored', { sha256 });
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }
}

async function hashOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of file.createReadStream({ autoClose: false, start: 0 })) hash.update(piece);
  return hash.digest('hex');
}

function missing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function asDiskFull(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
    return new DomainError('media.disk_full', {}, { cause: error });
  return error;
}
