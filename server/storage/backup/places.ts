import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Clock, syncFolder } from '#kit';
import { DomainError } from '#protocols';
import type { OnProgress } from '../../domain/backup/backup-maker.ts';
import { readBackupName } from '../../domain/backup/backup-name.ts';
import type { KeptBackup, PlaceFacts, Places } from '../../domain/backup/places.ts';
import { AnsweringFolders, FolderSilentError } from './answering-folders.ts';
import { asDiskError, codeOf } from './disk-errors.ts';

/** What `statfs` calls file systems, as far as a clerk may meet them. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  19780: 'vfat',
  538032816: 'exfat',
  1397118030: 'ntfs',
  1702057286: 'fuse',
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb',
  2435016766: 'btrfs',
  1481003842: 'xfs',
  16914836: 'tmpfs',
  2240043254: 'ramfs',
  2035054128: 'overlay',
};
/** File systems that live in memory. */
const IN_MEMORY = ['tmpfs', 'ramfs'];
/** Longest file of FAT32. */
const FAT_LIMIT = 2 ** 32 - 1;
/** Room that stays free wherever a backup is written. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** Folders that backups are put into, on this machine's file systems. */
export class FolderPlaces implements Places {
  readonly #dataFolder: string;
  readonly #inMemory: readonly string[];
  readonly #answering: AnsweringFolders;

  /** `inMemory`: names of the file systems that a power cut empties. */
  constructor(options: {
    readonly dataFolder: string;
    readonly clock: Clock;
    readonly inMemory?: readonly string[];
  }) {
    this.#dataFolder = options.dataFolder;
    this.#inMemory = options.inMemory ?? IN_MEMORY;
    this.#answering = new AnsweringFolders({ clock: options.clock });
  }

  look(folder: string): Promise<PlaceFacts> {
    return this.#answering
      .ask(folder, () => this.#look(folder))
      .catch((error: unknown) => {
        unlessSilent(error);
        return absent(new DomainError('backup.place_silent', { folder }), resolve(folder));
      });
  }

  async list(folder: string): Promise<KeptBackup[]> {
    return this.#answering.ask(folder, () => backupsIn(folder)).catch(() => []);
  }

  async remove(folder: string, name: string): Promise<void> {
    if (readBackupName(name) === null) throw new Error(`"${name}" is no backup`);
    await this.#answering.ask(folder, () => rm(join(folder, name), { force: true }));
  }

  async make(folder: string): Promise<void> {
    const make = () => mkdir(folder, { recursive: true, mode: 0o700 });
    // Of that `look` tells.
    await this.#answering.ask(folder, make).catch(unlessSilent);
  }

  async #look(folder: string): Promise<PlaceFacts> {
    const path = await realFolder(folder);
    try {
      const facts = await stat(folder);
      if (!facts.isDirectory())
        return { ...absent(new DomainError('backup.place_file', { folder }), path), isFile: true };
      const { type, bavail, bsize } = await statfs(folder);
      const inMemory = this.#inMemory.includes(fileSystemName(type));
      const disks = [this.#dataFolder, '/'].map(async (own) => (await stat(own)).dev);
      return {
        present: true,
        problem: null,
        fileSystem: fileSystemName(type),
        freeBytes: bavail * bsize,
        ownDisk: inMemory || (await Promise.all(disks)).includes(facts.dev),
        inMemory,
        isFile: false,
        path,
      };
    } catch (error) {
      const problem =
        codeOf(error) === 'ENOENT'
          ? new DomainError('backup.place_missing', { folder })
          : new DomainError('backup.disk_failed', { folder, reason: codeOf(error) });
      return absent(problem, path);
    }
  }
}

function unlessSilent(error: unknown): void {
  if (!(error instanceof FolderSilentError)) throw error;
}

async function backupsIn(folder: string): Promise<KeptBackup[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found: KeptBackup[] = [];
  // One after the other: a share that goes away meanwhile holds one call and not all that there can be.
  for (const backup of names.flatMap((name) => readBackupName(name) ?? [])) {
    const facts = await stat(join(folder, backup.name)).catch(() => undefined);
    if (facts !== undefined) found.push({ ...backup, bytes: facts.size });
  }
  return found.sort((a, b) => b.at - a.at);
}

/** Where a folder really is; of one that is not there yet, where its parent is. */
async function realFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  return realpath(path).catch(async () =>
    path === dirname(path) ? path : join(await realFolder(dirname(path)), basename(path)),
  );
}

/** Throws `backup.no_room` or `backup.file_too_long` when a file of so many bytes has no place in a folder. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize, type } = await statfs(folder);
  const needed = bytes + SPARE_BYTES;
  if (bavail * bsize < needed)
    throw new DomainError('backup.no_room', {
      folder,
      needed: megabytes(needed),
      free: megabytes(bavail * bsize),
    });
  if (FILE_SYSTEMS[type] === 'vfat' && bytes > FAT_LIMIT)
    throw new DomainError('backup.file_too_long', { folder, megabytes: megabytes(bytes) });
}

/** Copies a backup so that its name is there only when the whole of it is, and reads it back there. Throws `backup.copy_differs`, `backup.no_room`, `backup.place_full`, `backup.disk_failed`. */
export async function copyBackup(
  from: string,
  folder: string,
  name: string,
  sha256: string,
  onProgress: OnProgress = () => undefined,
): Promise<void> {
  const temporary = join(folder, `${name}.${process.pid}.new`);
  try {
    requireAbsent(folder, name);
    await requireRoom(folder, (await stat(from)).size);
    const target = await open(temporary, 'wx', 0o600);
    try {
      let bytes = 0;
      for await (const piece of createReadStream(from, { highWaterMark: 256 * 1024 })) {
        await target.writeFile(piece as Uint8Array);
        bytes += (piece as Uint8Array).length;
        onProgress({ phase: 'copy', bytes });
      }
      await target.sync();
    } finally {
      await target.close();
    }
    const hash = createHash('sha256');
    let read = 0;
    for await (const piece of createReadStream(temporary, { highWaterMark: 256 * 1024 })) {
      hash.update(piece as Uint8Array);
      read += (piece as Uint8Array).length;
      onProgress({ phase: 'verify', bytes: read });
    }
    if (hash.digest('hex') !== sha256) throw new DomainError('backup.copy_differs', { folder });
    requireAbsent(folder, name);
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asDiskError(error, folder);
  }
  await syncPlace(folder);
}

/** FAT and network shares do not sync folders; they then have done what they can. */
export async function syncPlace(folder: string): Promise<void> {
  await syncFolder(folder).catch((error: unknown) => {
    if (!['EINVAL', 'ENOTSUP', 'EPERM', 'EACCES', 'EISDIR'].includes(codeOf(error))) throw error;
  });
}

/** What people call the file system of a `statfs` type. */
export function fileSystemName(type: number): string {
  return FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`;
}

function absent(problem: DomainError, path: string): PlaceFacts {
  const nothing = { fileSystem: null, freeBytes: null, ownDisk: false, inMemory: false, isFile: false };
  return { present: false, problem, path, ...nothing };
}

/** Throws `backup.name_taken` where a backup of this name is: none is ever replaced by another. */
export function requireAbsent(folder: string, name: string): void {
  if (!existsSync(join(folder, name))) return;
  throw new DomainError('backup.name_taken', { folder, name });
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
