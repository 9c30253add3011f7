import { createReadStream } from 'node:fs';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, isDomainError, type SkippedFile } from '#protocols';
import type { BackupOrder, MadeBackup, OnProgress } from '../../domain/backup/backup-maker.ts';
import { backupName } from '../../domain/backup/backup-name.ts';
import { passingKey } from './age.ts';
import { authenticate, chainIn, signManifest } from './authentic.ts';
import { checkRestored, isChecked } from './check-restored.ts';
import { dataFiles, mediaSource, type Source } from './data-files.ts';
import { asDiskError, codeOf } from './disk-errors.ts';
import { INNER, mediaPath, OWN } from './layout.ts';
import { requireAbsent, requireRoom, syncPlace } from './places.ts';
import { requireLayout } from './placing.ts';
import { readArchive } from './read-archive.ts';
import { databaseIn, type Snapshot, snapshotBytes, takeSnapshot } from './snapshot.ts';
import { writeArchive } from './write-archive.ts';

const LEFT_BEHIND_MS = 24 * 3_600_000;
/** A backup, or a copy of one, on its way. */
const UNFINISHED = /^loa-lang_.*\.tar\.\d+\.new$/;

/**
 * Makes one backup: snapshot, archive, and all of it read back, decrypted and opened, before it gets its name. What fails leaves
 * nothing. Throws `backup.no_room`, `backup.place_full`, `backup.unverified`, `backup.tool_failed`.
 */
export async function makeBackup(order: BackupOrder, onProgress: OnProgress): Promise<MadeBackup> {
  const { dataFolder, folder } = order;
  const name = backupName(order.areaId, order.at, order.sheet);
  requireAbsent(folder, name);
  const root = await workFolder(dataFolder);
  await sweep(root, folder);
  const work = await mkdtemp(join(root, 'run-'));
  const temporary = join(folder, `${name}.${process.pid}.new`);
  try {
    const databaseBytes = await snapshotBytes(order.databaseUrl);
    // Once as the snapshot, once more when it is read back.
    await requireRoom(dataFolder, databaseBytes);
    onProgress({ phase: 'snapshot', bytes: 0 });
    const snapshot = await takeSnapshot(order.databaseUrl, work, order.areaId);
    const { missing, skipped, files } = await write(order, snapshot, temporary, onProgress);
    await rm(snapshot.file);
    const back = join(work, 'back');
    await mkdir(back);
    const { sha256, bytes } = await readArchive(temporary, {
      identity: async () => files.identity,
      folder: back,
      wanted: isChecked,
      onBytes: (done) => onProgress({ phase: 'verify', bytes: done }),
    }).then(async (read) => {
      await checkRestored(back, read.manifest);
      await authenticate(back, read, null);
      requireLayout(read.manifest, order);
      return read;
    });
    requireAbsent(folder, name);
    await rename(temporary, join(folder, name));
    await syncPlace(folder);
    return { name, bytes, sha256, files: files.count, missing: missing.length, skipped, at: order.at };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asDiskError(asUnverified(error), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What was just written is no backup that somebody has: it is not kept. */
function asUnverified(error: unknown): unknown {
  if (!isDomainError(error, 'backup.damaged') && !isDomainError(error, 'backup.forged')) return error;
  return new DomainError('backup.unverified', { reason: error.params['reason'] ?? '' }, { cause: error });
}

/**
 * Where a snapshot lies for a moment. The folder may be another user's: earlier versions left it root's where root made a backup at the
 * terminal. Then it is one of our own beside it, and no night is lost.
 */
async function workFolder(dataFolder: string): Promise<string> {
  const usual = join(dataFolder, OWN.work);
  try {
    await mkdir(usual, { recursive: true, mode: 0o700 });
    await access(usual, constants.R_OK | constants.W_OK | constants.X_OK);
    return usual;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EEXIST', 'ENOTDIR'].includes(codeOf(error))) throw error;
  }
  const own = `${usual}-${process.getuid?.() ?? 'own'}`;
  await mkdir(own, { recursive: true, mode: 0o700 });
  return own;
}

/** Removes what runs that were killed have left, after a day: until then it may be somebody's at work. */
async function sweep(work: string, folder: string): Promise<void> {
  const before = Date.now() - LEFT_BEHIND_MS;
  const left = async (path: string) =>
    ((await stat(path).catch(() => undefined))?.mtimeMs ?? before) < before;
  for (const name of await readdir(work))
    if (await left(join(work, name))) await rm(join(work, name), { recursive: true, force: true });
  for (const name of await readdir(folder))
    if (UNFINISHED.test(name) && (await left(join(folder, name))))
      await rm(join(folder, name), { force: true });
}

async function write(order: BackupOrder, snapshot: Snapshot, path: string, onProgress: OnProgress) {
  const { dataFolder, databaseUrl, keyFile, recipient, sheet, version, areaId, at } = order;
  const keys = join(dataFolder, 'keys');
  const rootKeys = (await chainIn(keys)).roots;
  const sizes = await mediaBytes(dataFolder, snapshot.media);
  await requireRoom(order.folder, sizes + (await stat(snapshot.file)).size);
  const missing: string[] = [];
  const skipped: SkippedFile[] = [];
  async function* sources(): AsyncGenerator<Source> {
    const { size } = await stat(snapshot.file);
    yield { path: snapshot.name, bytes: size, open: () => createReadStream(snapshot.file) };
    const database = databaseIn(dataFolder, databaseUrl);
    for await (const file of dataFiles(dataFolder, database, (one) => void skipped.push(one)))
      yield inData(file);
    for (const sha256 of snapshot.media) {
      const file = await mediaSource(dataFolder, sha256);
      if (file === null) missing.push(sha256);
      else yield inData(file);
    }
  }
  // The box keeps only what encrypts; to read back what it wrote it needs a key of the moment.
  const own = await passingKey();
  let count = 0;
  await writeArchive(path, {
    ...{ keyFile, sheet, at, sources: sources(), recipients: [recipient, own.recipient] },
    sign: (manifest) => signManifest(keys, manifest),
    manifest: (files) => {
      count = files.length;
      return {
        ...{
          v: 1,
          kind: 'loa-lang-backup',
          version,
          createdAt: at,
          areaId,
          sheet,
          provider: snapshot.provider,
        },
        ...snapshot.about,
        migrations: [...snapshot.migrations],
        rootKeys: [...rootKeys],
        files,
        missing,
      };
    },
    onBytes: (bytes) => onProgress({ phase: 'write', bytes }),
  });
  return { missing, skipped, files: { count, identity: own.identity } };
}

function inData(source: Source): Source {
  return { ...source, path: `${INNER.data}${source.path}` };
}

async function mediaBytes(dataFolder: string, hashes: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const sha256 of hashes) {
    const facts = await stat(join(dataFolder, mediaPath(sha256))).catch(() => undefined);
    bytes += facts?.size ?? 0;
  }
  return bytes;
}
