import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { syncFolder } from '#kit';
import { SAMPLE_RATE } from '../outputs/output.ts';
import type { PcmSource } from '../playback/index.ts';

/** `<SHA-256 of the content>.<SHA-256 of its PCM>.pcm`: the name says what must be inside. */
const NAME = /^([0-9a-f]{64})\.([0-9a-f]{64})\.pcm$/;

/** Sounds that lie decoded on the disk, by the SHA-256 of the content that they were decoded from. */
export class StoredFolder {
  readonly #folder: string;
  readonly #paths = new Map<string, string>();

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder;
  }

  /** Finds what lies there and proves it; what is damaged or unfinished is removed. Answers the names of files that were. */
  async load(): Promise<string[]> {
    await mkdir(this.#folder, { recursive: true });
    this.#paths.clear();
    const removed: string[] = [];
    for (const name of await readdir(this.#folder)) {
      const [, sha256, pcmSha256] = NAME.exec(name) ?? [];
      const path = join(this.#folder, name);
      if (sha256 !== undefined && (await hashOf(path).catch(() => '')) === pcmSha256) {
        this.#paths.set(sha256, path);
        continue;
      }
      await rm(path, { force: true });
      removed.push(name);
    }
    return removed;
  }

  /** Where the PCM of a content lies; undefined when it does not. */
  pathOf(sha256: string): string | undefined {
    return this.#paths.get(sha256);
  }

  get held(): string[] {
    return [...this.#paths.keys()];
  }

  /** Puts a sound there, so that at every instant it is whole or absent, and closes the source. @throws DomainError of the source */
  async put(sha256: string, source: PcmSource): Promise<void> {
    const partial = join(this.#folder, `${sha256}.new`);
    const hash = createHash('sha256');
    try {
      const file = await open(partial, 'w');
      try {
        const block = new Int16Array(SAMPLE_RATE);
        for (let frames = await source.read(block); frames > 0; frames = await source.read(block)) {
          if (source.silent) block.fill(0);
          const bytes = new Uint8Array(block.buffer, 0, frames * block.BYTES_PER_ELEMENT);
          hash.update(bytes);
          await file.writeFile(bytes);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      const path = join(this.#folder, `${sha256}.${hash.digest('hex')}.pcm`);
      await rename(partial, path);
      await syncFolder(this.#folder);
      this.#paths.set(sha256, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    } finally {
      await source.close();
    }
  }

  /** Who is reading it reads on. */
  async remove(sha256: string): Promise<void> {
    const path = this.#paths.get(sha256);
    this.#paths.delete(sha256);
    if (path !== undefined) await rm(path, { force: true });
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
