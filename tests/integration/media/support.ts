import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SystemClock } from '#kit';
import { type Binaries, locateBinaries, type PreparedAudio, prepare } from '#media';
import { isDomainError } from '#protocols';
import { inRepo } from '../../helpers/repo-root.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** The project's own greeting: 8 s of speech. */
export const GREETING = inRepo('tests/fixtures/audio/loi-chao.ogg');

const run = promisify(execFile);
const ENOUGH = 256 * 1024 * 1024;

/** Makes the sources of the tests with the same ffmpeg that prepares them. */
export class Workshop {
  readonly binaries: Binaries;
  readonly folder = tempDir('media');
  #names = 0;

  private constructor(binaries: Binaries) {
    this.binaries = binaries;
  }

  static async open(options: { readonly bundledOnly?: boolean } = {}): Promise<Workshop> {
    return new Workshop(await locateBinaries(options));
  }

  path(name: string): string {
    return join(this.folder, `${this.#names++}-${name}`);
  }

  /** Runs ffmpeg with these arguments; the output is a file of this name. */
  async make(name: string, ...args: readonly string[]): Promise<string> {
    const path = this.path(name);
    await run(this.binaries.ffmpeg, ['-nostdin', '-v', 'error', '-y', ...args, path], { maxBuffer: ENOUGH });
    return path;
  }

  /** Three seconds of the greeting in another format. */
  speech(name: string, ...args: readonly string[]): Promise<string> {
    return this.make(name, '-t', '3', '-i', GREETING, ...args);
  }

  /** What ffmpeg writes to a pipe: it cannot go back and fill lengths in. */
  async piped(...args: readonly string[]): Promise<Buffer> {
    const options = { encoding: 'buffer', maxBuffer: ENOUGH } as const;
    const { stdout } = await run(this.binaries.ffmpeg, ['-nostdin', '-v', 'error', ...args, '-'], options);
    return stdout;
  }

  prepare(source: string, options: Partial<Parameters<typeof prepare>[1]> = {}): Promise<PreparedAudio> {
    return prepare(source, {
      binaries: this.binaries,
      clock: new SystemClock(),
      workFolder: this.folder,
      niceness: 0,
      ...options,
    });
  }

  /** The code and sentence that a source is refused with. */
  async refusal(
    source: string,
    options: Partial<Parameters<typeof prepare>[1]> = {},
  ): Promise<{ code: string; message: string }> {
    try {
      await this.prepare(source, options);
    } catch (error) {
      if (isDomainError(error)) return { code: error.code, message: error.message };
      throw error;
    }
    return { code: 'accepted', message: '' };
  }

  /** Loudness and true peak of a file, measured apart from the code under test. */
  async measure(path: string): Promise<{ lufs: number; truePeakDb: number }> {
    const args = [
      '-nostdin',
      '-hide_banner',
      '-i',
      path,
      '-af',
      'ebur128=peak=true:framelog=verbose',
      '-f',
      'null',
      '-',
    ];
    const { stderr } = await run(this.binaries.ffmpeg, args);
    const last = (pattern: RegExp) => Number([...stderr.matchAll(pattern)].at(-1)?.[1]);
    return { lufs: last(/I:\s+(-?[\d.]+) LUFS/g), truePeakDb: last(/Peak:\s+(-?[\d.]+) dBFS/g) };
  }

  /** A file's container, codec, rate and channels. */
  async describe(path: string): Promise<string> {
    const shown = 'format=format_name:stream=codec_name,sample_rate,channels:stream_tags:format_tags';
    const { stdout } = await run(this.binaries.ffprobe, [
      '-v',
      'error',
      '-of',
      'csv=p=0',
      '-show_entries',
      shown,
      path,
    ]);
    return stdout.trim().split('\n').join(' ');
  }

  async sox(...args: readonly string[]): Promise<void> {
    await run('sox', [...args]);
  }
}
