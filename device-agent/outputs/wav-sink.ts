import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Instant, type Milliseconds, writeFileAtomic } from '#kit';
import { BYTES_PER_FRAME, SAMPLE_RATE } from './output.ts';
import type { PcmSink } from './timed-session.ts';
import { WAV_HEADER_BYTES, wavHeader } from './wav-header.ts';

/** The header is brought up to date this often: a process that is killed leaves a file short by no more. */
const HEADER_EVERY_BYTES = SAMPLE_RATE * BYTES_PER_FRAME;

/** What lies beside every recording, in `<recording>.json`. */
export interface RecordingNote {
  /** Instant of frame 0 by the agent's own clock, ISO 8601 with milliseconds. */
  readonly startedAt: string;
  /** The same instant in milliseconds, with its fraction. */
  readonly startedAtMs: Instant;
}

/** One session recorded as one WAV file that is valid at every instant. */
export class WavSink implements PcmSink {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #clock: Clock;
  #bytes = 0;
  #headerBytes = 0;

  /** Makes a new file in `folder` (made when missing), named by the time of day; never touches an existing one. */
  static async create(folder: string, clock: Clock): Promise<WavSink> {
    await mkdir(folder, { recursive: true });
    const name = new Date(clock.now()).toISOString().replace(/[-:]/g, '');
    for (let copy = 0; ; copy++) {
      const path = join(folder, `${name}${copy === 0 ? '' : `-${copy}`}.wav`);
      try {
        const file = await open(path, 'wx');
        await file.write(wavHeader(0), 0, WAV_HEADER_BYTES, 0);
        return new WavSink(path, file, clock);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  private constructor(path: string, file: FileHandle, clock: Clock) {
    this.path = path;
    this.#file = file;
    this.#clock = clock;
  }

  async write(pcm: Uint8Array, dueMs: Milliseconds): Promise<void> {
    if (this.#bytes === 0) await this.#note(dueMs);
    await this.#file.write(pcm, 0, pcm.byteLength, WAV_HEADER_BYTES + this.#bytes);
    this.#bytes += pcm.byteLength;
    if (this.#bytes - this.#headerBytes >= HEADER_EVERY_BYTES) await this.#header();
  }

  async close(): Promise<void> {
    try {
      await this.#header();
    } finally {
      await this.#file.close();
    }
  }

  async #header(): Promise<void> {
    await this.#file.write(wavHeader(this.#bytes), 0, WAV_HEADER_BYTES, 0);
    this.#headerBytes = this.#bytes;
  }

  async #note(dueMs: Milliseconds): Promise<void> {
    const startedAtMs = this.#clock.now() - (this.#clock.monotonic() - dueMs);
    const note: RecordingNote = { startedAt: new Date(startedAtMs).toISOString(), startedAtMs };
    await writeFileAtomic(`${this.path}.json`, `${JSON.stringify(note)}\n`);
  }
}
