import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inData, isLeftOut, mediaPath } from './layout.ts';

/** One file to be put into an archive. */
export interface Source {
  /** Path inside the data folder, with "/". */
  readonly path: string;
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
}

/** Up to here a file is read in one go: what changes in place is then as a power cut would leave it. */
const ONE_GO_BYTES = 32 * 1024 * 1024;

/** Every file of the data folder that is copied as it is: keys, stops, tokens, certificates, whatever a later version keeps there. */
export async function* dataFiles(
  dataFolder: string,
  databaseName: string | null,
  below = '',
): AsyncGenerator<Source> {
  for (const name of (await readdir(join(dataFolder, below))).sort()) {
    if (below === '' ? isLeftOut(name, databaseName) : name.endsWith('.new')) continue;
    const path = `${below}${name}`;
    const facts = await lstat(join(dataFolder, path)).catch(() => undefined);
    if (facts?.isDirectory()) yield* dataFiles(dataFolder, databaseName, `${path}/`);
    if (facts?.isFile()) yield await fileSource(dataFolder, path);
  }
}

async function fileSource(dataFolder: string, path: string): Promise<Source> {
  const file = inData(dataFolder, path);
  const { size } = await stat(file);
  if (size > ONE_GO_BYTES)
    return { path, bytes: size, open: () => createReadStream(file, { end: size - 1 }) };
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
