import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '#kit';
import { DomainError } from '#protocols';

/** A file that was brought in, not yet anybody's. */
export interface IncomingFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of what came. */
  readonly sha256: string;
}

/** Uploads on the disk: `<job id>` while its job is open, `….part` while it comes in. */
export class UploadFolder {
  readonly #folder: string;
  readonly #maxBytes: number;

  constructor(options: { readonly folder: string; readonly maxBytes: number }) {
    this.#folder = options.folder;
    this.#maxBytes = options.maxBytes;
  }

  /** Makes the folder and removes everything but the uploads of these jobs. */
  async open(keepJobs: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder))
      if (!keepJobs.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  /** Writes a stream to a new file, durable when it resolves. Throws `media.too_large`, `media.disk_full`; nothing then remains. */
  async receive(source: AsyncIterable<Uint8Array>): Promise<IncomingFile> {
    const path = join(this.#folder, `${randomBytes(12).toString('hex')}.part`);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        for await (const piece of source) {
          bytes += piece.byteLength;
          if (bytes > this.#maxBytes)
            throw new DomainError('media.too_large', { bytes, limit: this.#maxBytes });
          hash.update(piece);
          // Not `write`, which on a disk that is almost full takes a part and says so in its result alone.
          await file.writeFile(piece);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(path, { force: true });
      throw asDiskFull(error);
    }
    return { path, bytes, sha256: hash.digest('hex') };
  }

  /** Gives an incoming file to a job. */
  async keep(file: IncomingFile, jobId: string): Promise<void> {
    await rename(file.path, this.pathOf(jobId));
    await syncFolder(this.#folder);
  }

  async discard(file: IncomingFile): Promise<void> {
    await rm(file.path, { force: true });
  }

  pathOf(jobId: string): string {
    return join(this.#folder, jobId);
  }

  async has(jobId: string): Promise<boolean> {
    return stat(this.pathOf(jobId)).then(
      () => true,
      () => false,
    );
  }

  async remove(jobId: string): Promise<void> {
    await rm(this.pathOf(jobId), { force: true });
  }
}

function asDiskFull(error: unknown): unknown {
  const full =
    error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  return full ? new DomainError('media.disk_full', {}, { cause: error }) : error;
}
