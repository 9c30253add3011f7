import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SkippedFile } from '#protocols';
import { inData, isLeftOut, mediaPath } from './layout.ts';
import { isEntryPath } from './manifest.ts';

/** One file to be put into an archive. */
export interface Source {
  /** Path inside the data folder, with "/". */
  readonly path: string;
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
}

/** Up to here a file is read in one go: what changes in place is then as a power cut would leave it. */
const ONE_GO_BYTES = 32 * 1024 * 1024;

/** Errors of one file, not of the disk as a whole. */
const UNREADABLE = ['EACCES', 'EPERM', 'EIO', 'ELOOP'];

/** Told of what is left out though it should not be, and why. */
export type OnSkipped = (skipped: SkippedFile) => void;

/**
 * Every file of the data folder that is copied as it is: keys, stops, tokens, certificates, whatever a later version keeps there. What
 * cannot be read or packed is told, and never a reason to have no backup of the rest. `database`: its path in the folder.
 */
export async function* dataFiles(
  dataFolder: string,
  database: string | null,
  onSkipped: OnSkipped,
  below = '',
): AsyncGenerator<Source> {
  for (const name of (await readdir(join(dataFolder, below))).sort()) {
    const path = `${below}${name}`;
    if (isLeftOut(path, database)) continue;
    if (!isEntryPath(path)) {
      onSkipped({ path, reason: 'its name cannot be packed' });
      continue;
    }
    try {
      const facts = await lstat(join(dataFolder, path));
      if (facts.isDirectory()) yield* dataFiles(dataFolder, database, onSkipped, `${path}/`);
      else if (facts.isFile()) yield await fileSource(dataFolder, path);
      else onSkipped({ path, reason: facts.isSymbolicLink() ? 'it is a link' : 'it is no file' });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      // Gone since it was listed.
      if (code === 'ENOENT') continue;
      if (!UNREADABLE.includes(code)) throw error;
      onSkipped({ path, reason: `it cannot be read (${code})` });
    }
  }
}

async function fileSource(dataFolder: string, path: string): Promise<Source> {
  const file = inData(dataFolder, path);
  const { size } = await stat(file);
  if (size > ONE_GO_BYTES) {
    await access(file, constants.R_OK);
    return { path, bytes: size, open: () => createReadStream(file, { end: size - 1 }) };
  }
  const content = await readFile(file);
  return { path, bytes: content.length, open: () => pieces(content) };
}

async function* pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  if (content.length > 0) yield content;
}

/** A stored audio file, or null when it is not there whole: its name says what its bytes must be. */
export async function mediaSource(dataFolder: string, sha256: string): Promise<Source | null> {
  const path = mediaPath(sha256);
  const file = inData(dataFolder, path);
  try {
    const { size } = await stat(file);
    const hash = createHash('sha256');
    for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
    if (hash.digest('hex') !== sha256) return null;
    return {
      path,
      bytes: size,
      open: () => (size === 0 ? pieces(new Uint8Array()) : createReadStream(file)),
    };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== 'ENOENT' && !UNREADABLE.includes(code)) throw error;
    return null;
  }
}
