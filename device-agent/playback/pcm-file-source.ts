import { type FileHandle, open } from 'node:fs/promises';
import type { Milliseconds } from '#kit';
import { DomainError } from '#protocols';
import { BYTES_PER_FRAME, FRAMES_PER_MS } from '../outputs/output.ts';
import type { PcmSource } from './pcm-source.ts';

/** Sound that lies decoded on the disk. */
export class PcmFileSource implements PcmSource {
  readonly silent = false;
  readonly #file: Promise<FileHandle>;
  #position: number;

  constructor(options: { readonly path: string; readonly offsetMs: Milliseconds }) {
    this.#file = open(options.path, 'r');
    this.#file.catch(() => undefined);
    this.#position = Math.round(options.offsetMs * FRAMES_PER_MS) * BYTES_PER_FRAME;
  }

  async ready(): Promise<void> {
    await this.#handle();
  }

  async read(block: Int16Array): Promise<number> {
    const file = await this.#handle();
    const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
    const { bytesRead } = await file
      .read(bytes, 0, bytes.length, this.#position)
      .catch((error: unknown) => unreadable(error));
    this.#position += bytesRead;
    return Math.floor(bytesRead / BYTES_PER_FRAME);
  }

  async close(): Promise<void> {
    const file = await this.#file.catch(() => undefined);
    await file?.close().catch(() => undefined);
  }

  #handle(): Promise<FileHandle> {
    return this.#file.catch((error: unknown) => unreadable(error));
  }
}

function unreadable(cause: unknown): never {
  throw new DomainError('decoder.failed', { exitCode: null, reason: String(cause) }, { cause });
}
