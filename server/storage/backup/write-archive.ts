import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { type Pack, pack } from 'tar-stream';
import { encryptTo } from './age.ts';
import type { Source } from './data-files.ts';
import { INNER, OUTER } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readMe } from './read-me.ts';

const BLOCK = 512;

export interface ArchiveContents {
  /** Database first, the rest after it; a path here is the path in the archive. */
  readonly sources: AsyncIterable<Source>;
  /** Asked for when all sources are in: their list. */
  readonly manifest: (files: Manifest['files']) => Manifest;
  /** Signs the list in its exact bytes. */
  readonly sign: (manifest: Uint8Array) => Promise<string>;
  readonly keyFile: string;
  readonly recipients: readonly string[];
  readonly sheet: number;
  /** When the snapshot was taken. */
  readonly at: number;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Writes an archive to a new file, synced when it resolves: a plain tar of a note, the sealed key, and the encrypted tar, whose length
 * is put into its header at the end. Made by parts that anybody has: `tar`, `age`.
 */
export async function writeArchive(path: string, contents: ArchiveContents): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    const { at } = contents;
    await writeSmall(file, OUTER.readMe, Buffer.from(readMe(contents.sheet)), at);
    await writeSmall(file, OUTER.key, Buffer.from(contents.keyFile), at);
    const { size: headerAt } = await file.stat();
    await file.writeFile(Buffer.alloc(BLOCK));
    let bytes = 0;
    for await (const piece of await encryptTo(contents.recipients, innerTar(contents))) {
      // Not `write`, which on a disk that is almost full takes a part and says so in its result alone.
      await file.writeFile(piece);
      bytes += piece.byteLength;
      contents.onBytes(bytes);
    }
    await file.writeFile(Buffer.alloc(padding(bytes) + 2 * BLOCK));
    const header = await headerOf(OUTER.payload, bytes, at);
    await file.write(header, 0, header.length, headerAt);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeSmall(file: FileHandle, name: string, content: Buffer, at: number): Promise<void> {
  const header = await headerOf(name, content.length, at);
  await file.writeFile(Buffer.concat([header, content, Buffer.alloc(padding(content.length))]));
}

/** One tar header of 512 bytes, as the library makes it. */
async function headerOf(name: string, size: number, at: number): Promise<Buffer> {
  const tar = pack();
  tar.on('error', () => undefined);
  tar.entry({ name, size, mode: 0o600, mtime: new Date(at) });
  const [header] = (await once(tar, 'data')) as [Buffer];
  tar.destroy();
  if (header.length !== BLOCK) throw new Error(`a tar header of ${header.length} bytes`);
  return Buffer.from(header);
}

function padding(bytes: number): number {
  return (BLOCK - (bytes % BLOCK)) % BLOCK;
}

async function* innerTar(contents: ArchiveContents): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const filled = fill(tar, contents);
  // Told by the iteration below, which ends with the same error.
  filled.catch((error: Error) => tar.destroy(error));
  yield* tar as AsyncIterable<Uint8Array>;
  await filled;
}

async function fill(tar: Pack, { sources, manifest, sign }: ArchiveContents): Promise<void> {
  const files: { path: string; bytes: number; sha256: string }[] = [];
  for await (const source of sources) files.push(await addFile(tar, source));
  const text = Buffer.from(`${JSON.stringify(manifest(files), null, 1)}\n`);
  await addText(tar, INNER.manifest, text);
  await addText(tar, INNER.signature, Buffer.from(await sign(text)));
  tar.finalize();
}

function addText(tar: Pack, name: string, text: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry({ name, mode: 0o600 }, text, (error) => (error ? reject(error) : resolve()));
  });
}

async function addFile(tar: Pack, { path, bytes, open: read }: Source) {
  const hash = createHash('sha256');
  const { promise: ended, resolve, reject } = settled();
  const entry = tar.entry({ name: path, size: bytes, mode: 0o600 }, (error) =>
    error ? reject(error) : resolve(),
  );
  for await (const piece of read()) {
    hash.update(piece);
    // Of a stream that was destroyed no drain comes.
    if (!entry.write(piece)) await Promise.race([once(entry, 'drain'), ended]);
  }
  entry.end(undefined);
  await ended;
  return { path, bytes, sha256: hash.digest('hex') };
}

function settled() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
