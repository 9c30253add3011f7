import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Extract, extract } from 'tar-stream';
import { syncFolder } from '#kit';
import { DomainError, isDomainError, MAX_DOCUMENT_BYTES, sha256 } from '#protocols';
import { decryptWith } from './age.ts';
import { isOfDisk } from './disk-errors.ts';
import { below, INNER, OUTER } from './layout.ts';
import { isEntryPath, type Manifest, manifestCodec } from './manifest.ts';

/** Larger than any key file or manifest: half a million files. */
const SMALL_BYTES = 128 * 1024 * 1024;
const OUTER_NAMES: readonly string[] = Object.values(OUTER);

export interface ReadOptions {
  /** Gives the key that opens the payload, from the key file in the archive. */
  readonly identity: (keyFile: string) => Promise<string>;
  /** Where files are put; the folder must be empty. */
  readonly folder: string;
  /** Which files are wanted there; the others are read and compared only. All by default. */
  readonly wanted?: (path: string) => boolean;
  readonly onBytes: (bytes: number) => void;
}

export interface ReadResult {
  readonly manifest: Manifest;
  /** Of the manifest's exact bytes. */
  readonly manifestSha256: string;
  /** What the controller signed of it, not verified yet; null: an earlier version made it. */
  readonly signature: string | null;
  /** Of the outer file. */
  readonly sha256: string;
  readonly bytes: number;
}

type Entry = Extract extends AsyncIterable<infer One> ? One : never;
type Found = Map<string, { readonly bytes: number; readonly sha256: string }>;
type Payload = Pick<ReadResult, 'manifest' | 'manifestSha256' | 'signature'>;

/**
 * Reads a whole archive and compares every file with the manifest; what was wanted is then on the disk, synced. Whether the manifest is
 * what somebody signed is for `authenticate`. Throws `backup.damaged`, `backup.forged`, `backup.wrong_passphrase`, and what the disk throws.
 */
export async function readArchive(path: string, options: ReadOptions): Promise<ReadResult> {
  const hash = createHash('sha256');
  let bytes = 0;
  const outer = extract();
  const raw = createReadStream(path, { highWaterMark: 256 * 1024 });
  raw.on('data', (piece) => {
    hash.update(piece);
    bytes += piece.length;
    options.onBytes(bytes);
  });
  feed(raw, outer);
  let keyFile: string | undefined;
  let payload: Payload | undefined;
  const seen = new Set<string>();
  try {
    for await (const entry of outer as AsyncIterable<Entry>) {
      const { name, type } = entry.header;
      // Each once, and nothing besides: a second payload would put files into the folder that the list of the first, or of the last, does not name.
      if (type !== 'file' || !OUTER_NAMES.includes(name) || seen.has(name)) throw odd(name);
      seen.add(name);
      if (name === OUTER.key) keyFile = (await small(entry)).toString('utf8');
      else if (name === OUTER.payload) {
        if (keyFile === undefined) throw odd(name);
        payload = await readPayload(entry, await options.identity(keyFile), options);
      } else entry.resume();
    }
  } catch (error) {
    raw.destroy();
    throw asDamaged(error);
  }
  if (keyFile === undefined || payload === undefined)
    throw new DomainError('backup.damaged', {
      reason: 'it is not one of our backups, or its end is missing',
    });
  // What follows the last entry counts too.
  if ((await stat(path)).size !== bytes)
    throw new DomainError('backup.damaged', { reason: 'it changed while it was read' });
  return { ...payload, sha256: hash.digest('hex'), bytes };
}

async function readPayload(entry: Entry, identity: string, options: ReadOptions): Promise<Payload> {
  const inner = extract();
  feed(Readable.from(await decryptWith(identity, entry as AsyncIterable<Uint8Array>)), inner);
  const found: Found = new Map();
  const folders = new Set([options.folder]);
  let manifest: Buffer | undefined;
  let signature: string | null = null;
  for await (const file of inner as AsyncIterable<Entry>) {
    const { name, type } = file.header;
    // A link or a device is no file: what is unpacked after it could go through it.
    if (type !== 'file' || !isEntryPath(name) || found.has(name)) throw odd(name);
    if (name === INNER.manifest) manifest = await small(file);
    else if (name === INNER.signature) signature = (await small(file, MAX_DOCUMENT_BYTES)).toString('latin1');
    else found.set(name, await readFile(file as AsyncIterable<Uint8Array>, name, options, folders));
  }
  if (manifest === undefined)
    throw new DomainError('backup.damaged', { reason: 'its list of files is missing' });
  const list = manifestCodec.parse(manifest);
  compare(list, found, signature === null ? 'backup.damaged' : 'backup.forged');
  for (const folder of folders) await syncFolder(folder);
  return { manifest: list, manifestSha256: sha256(manifest), signature };
}

async function readFile(
  file: AsyncIterable<Uint8Array>,
  name: string,
  { folder, wanted }: ReadOptions,
  folders: Set<string>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const path = below(folder, name);
  if (path === null) throw odd(name);
  const keep = wanted === undefined || wanted(name);
  if (keep) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    folders.add(dirname(path));
  }
  const target = keep ? await open(path, 'wx', 0o600) : undefined;
  try {
    for await (const piece of file) {
      hash.update(piece);
      bytes += piece.length;
      await target?.writeFile(piece);
    }
    await target?.sync();
  } finally {
    await target?.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** What somebody changed in an encrypted file is no damage; `code` says how it is told. */
function compare(manifest: Manifest, found: Found, code: 'backup.damaged' | 'backup.forged'): void {
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = found.get(path);
    if (file?.sha256 !== sha256 || file.bytes !== bytes)
      throw new DomainError(code, { reason: `"${path}" is missing or was changed` });
  }
  if (manifest.files.length !== found.size)
    throw new DomainError(code, { reason: 'it holds files that its list does not name' });
}

function odd(name: string): DomainError {
  return new DomainError('backup.damaged', { reason: `an odd entry "${name.slice(0, 100)}"` });
}

/** Like `pipe`, but an error of the source ends the reading. */
function feed(source: Readable, target: Extract): void {
  source.on('error', (error) => target.destroy(error));
  source.pipe(target);
}

async function small(entry: Entry, most = SMALL_BYTES): Promise<Buffer> {
  if ((entry.header.size ?? 0) > most)
    throw new DomainError('backup.damaged', { reason: 'an entry is too long' });
  return buffer(entry as AsyncIterable<Uint8Array>);
}

/** What tar and age say of bytes that are not what they were; the disk's own errors stay what they are. */
function asDamaged(error: unknown): unknown {
  if (isDomainError(error, 'document.malformed') || isDomainError(error, 'document.unknown_version'))
    return new DomainError('backup.damaged', { reason: error.message }, { cause: error });
  if (!(error instanceof Error) || isDomainError(error)) return error;
  if (isOfDisk(error) || ('code' in error && error.code === 'ENOENT')) return error;
  return new DomainError(
    'backup.damaged',
    { reason: error.message.slice(0, 120) || 'it cannot be decrypted' },
    { cause: error },
  );
}
