import { type FileHandle, open } from 'node:fs/promises';

/** Random access to a file's bytes through one buffered window, for parsers that hop over it. */
export interface ByteSource {
  /** Length of the file. */
  readonly size: number;
  /** `length` bytes from `at`; fewer at the end of the file. Valid until the next call. */
  read(at: number, length: number): Promise<Buffer>;
}

const WINDOW_BYTES = 64 * 1024;

/** Opens a file as a `ByteSource` for as long as `use` runs. */
export async function withBytes<Result>(
  path: string,
  use: (bytes: ByteSource) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await use(new WindowedFile(file, size));
  } finally {
    await file.close();
  }
}

class WindowedFile implements ByteSource {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #buffer = Buffer.alloc(WINDOW_BYTES);
  #start = 0;
  #length = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  async read(at: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.size - at, WINDOW_BYTES));
    if (at < this.#start || at + wanted > this.#start + this.#length) {
      this.#start = at;
      this.#length = 0;
      while (this.#length < Math.min(WINDOW_BYTES, this.size - at)) {
        const { bytesRead } = await this.#file.read(
          this.#buffer,
          this.#length,
          WINDOW_BYTES - this.#length,
          at + this.#length,
        );
        if (bytesRead === 0) break;
        this.#length += bytesRead;
      }
    }
    return this.#buffer.subarray(at - this.#start, Math.min(at - this.#start + wanted, this.#length));
  }
}
