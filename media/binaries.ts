import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DomainError } from '#protocols';

/** The two programs that media runs. */
export interface Binaries {
  /** Absolute path of ffmpeg. */
  readonly ffmpeg: string;
  /** Absolute path of ffprobe. */
  readonly ffprobe: string;
  /** Whether one of them is the binary that an npm package ships instead of the system's. */
  readonly bundled: boolean;
  /** What the operator should be told at start; null when there is nothing to tell. */
  readonly warning: string | null;
}

export interface LocateOptions {
  /** Configured paths; what is configured is used or refused, never replaced. */
  readonly ffmpeg?: string | undefined;
  readonly ffprobe?: string | undefined;
  /** Folders to look in, as in PATH; the process's own PATH by default. */
  readonly path?: string;
  /** Passes the system's programs over, to see that the shipped ones work. */
  readonly bundledOnly?: boolean;
}

const BUNDLED_WARNING =
  'The ffmpeg shipped with an npm package is used, because the system has none. It decodes untrusted files with code ' +
  'of 2018: install the system\'s ("apt-get install ffmpeg"), which gets security updates.';

/** Finds ffmpeg and ffprobe, the system's first. Throws `media.decoder_missing` when one is nowhere. */
export async function locateBinaries(options: LocateOptions = {}): Promise<Binaries> {
  const folders = options.bundledOnly ? [] : (options.path ?? process.env['PATH'] ?? '').split(delimiter);
  const [ffmpeg, ffprobe] = await Promise.all([
    locate(
      'ffmpeg',
      options.ffmpeg,
      folders,
      async () => (await import('@ffmpeg-installer/ffmpeg')).default.path,
    ),
    locate(
      'ffprobe',
      options.ffprobe,
      folders,
      async () => (await import('@ffprobe-installer/ffprobe')).default.path,
    ),
  ]);
  const bundled = ffmpeg.bundled || ffprobe.bundled;
  return { ffmpeg: ffmpeg.path, ffprobe: ffprobe.path, bundled, warning: bundled ? BUNDLED_WARNING : null };
}

async function locate(
  program: string,
  configured: string | undefined,
  folders: readonly string[],
  shipped: () => Promise<string>,
): Promise<{ path: string; bundled: boolean }> {
  if (configured !== undefined) {
    if (await executable(configured)) return { path: configured, bundled: false };
    throw new DomainError('media.decoder_missing', { program, reason: `"${configured}" cannot be run` });
  }
  for (const folder of folders) {
    const path = join(folder, program);
    if (folder !== '' && (await executable(path))) return { path, bundled: false };
  }
  let path: string;
  try {
    path = await shipped();
  } catch {
    // The package throws a text when it ships nothing for this machine.
    throw new DomainError('media.decoder_missing', {
      program,
      reason: 'not in PATH, none shipped for this machine',
    });
  }
  if (await executable(path)) return { path, bundled: true };
  throw new DomainError('media.decoder_missing', {
    program,
    reason: 'not in PATH, the shipped one cannot be run',
  });
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
