import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '#kit';
import { type ChainedLine, sha256 } from '#protocols';

/** Bytes written at a time while a segment is made. */
const FILL_BYTES = 64 * 1024;

const CHECK_DIGITS = 16;

/**
 * One file of a journal: lines, each ended by a line feed, then zeros up to its size. The room is taken (and the
 * size made durable) before the first line comes, so that a full disk cannot stop the journal in mid-line.
 */
export interface SegmentText {
  readonly lines: readonly string[];
  /** Bytes taken by whole lines. */
  readonly used: number;
  /** What follows the last line feed is not all zeros: a write was cut off, or the file is damaged. */
  readonly torn: boolean;
  readonly size: number;
}

/**
 * A line as it stands in the file: 16 digits of its hash, a space, the line, a line feed. The next line's `prev` would show
 * damage too, but not which of the two is damaged, and the newest line has none after it.
 */
export function storedLine({ line, position }: ChainedLine): string {
  return `${position.hash.slice(0, CHECK_DIGITS)} ${line}\n`;
}

/** The line in what `storedLine` gave, or undefined when it is not that any more. */
export function lineOf(stored: string): string | undefined {
  const line = stored.slice(CHECK_DIGITS + 1);
  return sha256(line).slice(0, CHECK_DIGITS) === stored.slice(0, CHECK_DIGITS) ? line : undefined;
}

/** Makes a file of `bytes` zeros at `path`, durable with its name. Throws ENOSPC when there is no room. */
export async function makeSegment(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w', 0o644);
  try {
    const zeros = Buffer.alloc(Math.min(FILL_BYTES, bytes));
    for (let at = 0; at < bytes; at += zeros.length)
      await file.write(zeros, 0, Math.min(zeros.length, bytes - at), at);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

/** Takes a segment's bytes apart. Says nothing of whether the lines are whole or chained. */
export function readSegment(bytes: Buffer): SegmentText {
  const zero = bytes.indexOf(0);
  const text = zero === -1 ? bytes : bytes.subarray(0, zero);
  const used = text.lastIndexOf(0x0a) + 1;
  const lines =
    used === 0
      ? []
      : text
          .subarray(0, used - 1)
          .toString('utf8')
          .split('\n');
  return { lines, used, torn: !bytes.subarray(used).every((byte) => byte === 0), size: bytes.length };
}

/** Writes into a segment's room and makes it durable. */
export class SegmentWriter {
  readonly #file: FileHandle;
  readonly #size: number;
  #used: number;
  /** Up to here there may be bytes of a write that failed. */
  #dirty: number;

  private constructor(file: FileHandle, size: number, used: number, dirty: number) {
    this.#file = file;
    this.#size = size;
    this.#used = used;
    this.#dirty = dirty;
  }

  /** Opens a segment whose whole lines take `used` bytes; what follows is overwritten with zeros. */
  static async open(path: string, text: SegmentText): Promise<SegmentWriter> {
    const file = await open(path, 'r+');
    const writer = new SegmentWriter(file, text.size, text.used, text.torn ? text.size : text.used);
    if (text.torn) await writer.append('');
    return writer;
  }

  get free(): number {
    return this.#size - this.#used;
  }

  /** Writes whole lines (with their line feeds) and fsyncs. When it throws, nothing of it counts. */
  async append(lines: string): Promise<void> {
    const bytes = Buffer.from(lines);
    const start = this.#used;
    const end = start + bytes.length;
    const padded = this.#dirty > end ? Buffer.concat([bytes, Buffer.alloc(this.#dirty - end)]) : bytes;
    this.#dirty = Math.max(this.#dirty, end);
    for (let done = 0; done < padded.length; ) {
      const { bytesWritten } = await this.#file.write(padded, done, padded.length - done, start + done);
      done += bytesWritten;
    }
    // The size does not change, so the data alone makes it durable.
    await this.#file.datasync();
    this.#used = end;
    this.#dirty = end;
  }

  /** Makes zeros of what a failed write may have left. */
  async clean(): Promise<void> {
    if (this.#dirty > this.#used) await this.append('');
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
