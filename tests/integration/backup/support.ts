import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemClock } from '#kit';
import type { BackupOrder, MadeBackup } from '../../../server/domain/backup/backup-maker.ts';
import { newPassphrase } from '../../../server/domain/backup/passphrase.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import {
  acceptRestore,
  chainIn,
  finishRestore,
  holdPlace,
  requirePlace,
  TASKS,
} from '../../../server/storage/backup/index.ts';
import { isLockFile } from '../../../server/storage/folder-lock.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

export const nothing = (): void => undefined;

/** What lies in a folder; its lock is nobody's data. */
export const names = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => !isLockFile(name)).sort();

/** The raw root key that the sheets of a data folder's controller name. */
export async function rootOf(dataFolder: string): Promise<string> {
  return (await chainIn(join(dataFolder, 'keys'))).signers.at(-1) ?? '';
}

/** A sheet that a controller with this root key makes; null: one of an earlier version. */
export async function sheetOf(rootKey: string | null) {
  const passphrase = newPassphrase();
  return { passphrase, key: await TASKS.sealKey({ passphrase, rootKey }, nothing) };
}

/** A backup of a data folder under a passphrase of its own. */
export async function backupOf(
  dataFolder: string,
  more: Partial<BackupOrder> = {},
): Promise<{ readonly made: MadeBackup; readonly file: string; readonly passphrase: string }> {
  // Where its keys are none of a controller, the backup says so.
  const { passphrase, key } = await sheetOf(await rootOf(dataFolder).catch(() => null));
  const folder = more.folder ?? tempDir('backups');
  await mkdir(folder, { recursive: true });
  const made = await TASKS.make(
    {
      ...{
        dataFolder,
        folder,
        areaId: 'tan-an',
        at: Date.UTC(2026, 10, 28, 19, 30),
        version: 'test',
        sheet: 1,
      },
      databaseUrl: `file:${join(dataFolder, 'loa.db')}`,
      ...key,
      ...more,
    },
    nothing,
  );
  return { made, file: join(folder, made.name), passphrase };
}

/** Puts a backup back into a folder. */
export async function restoreInto(
  dataFolder: string,
  file: string,
  passphrase: string,
  { replace = false, databaseUrl = `file:${join(dataFolder, 'loa.db')}`, now = Date.UTC(2026, 10, 30) } = {},
): ReturnType<typeof finishRestore> {
  const place = { dataFolder, databaseUrl };
  const release = holdPlace(place);
  try {
    await requirePlace(place, replace);
    const { step } = await TASKS.stage({ ...place, file, passphrase, now }, nothing);
    await acceptRestore(dataFolder, step);
    return await finishRestore(place);
  } finally {
    release();
  }
}

export const SOUND = Buffer.from('what sounds');
export const SOUND_HASH = createHash('sha256').update(SOUND).digest('hex');

/** A data folder as a controller leaves it: database with one medium, its bytes, keys, and a file of some later version. */
export async function dataFolder(databaseUrl?: string): Promise<string> {
  const folder = tempDir('data');
  const storage = openStorage({
    url: databaseUrl ?? `file:${join(folder, 'loa.db')}`,
    clock: new SystemClock(),
  });
  await storage.start();
  const sound = await store(folder, SOUND);
  const chunks = await store(folder, Buffer.from('{"chunks":[]}'));
  await storage.transaction((tx) =>
    tx.media.put({
      ...{
        sha256: sound,
        bytes: SOUND.length,
        durationMs: 1,
        integratedLufs: -16,
        truePeakDb: -2,
        peaks: '[]',
      },
      ...{ chunkList: '{"chunks":[]}', chunkListSha256: chunks, createdAt: 0 },
    }),
  );
  await storage.stop();
  const keys = new KeyService({
    vault: new KeyFiles({ folder: join(folder, 'keys') }),
    clock: new SystemClock(),
  });
  await keys.start();
  await keys.stop();
  await mkdir(join(folder, 'authority', 'issued'), { recursive: true });
  await writeFile(join(folder, 'authority', 'issued', 'a.pem'), 'a certificate');
  await writeFile(join(folder, 'latches.bin'), Buffer.alloc(4096, 7));
  await writeFile(join(folder, 'first-tokens.txt'), 'secrets in clear text');
  return folder;
}

async function store(folder: string, content: Buffer): Promise<string> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  await mkdir(join(folder, 'media', sha256.slice(0, 2)), { recursive: true });
  await writeFile(join(folder, 'media', sha256.slice(0, 2), sha256), content);
  return sha256;
}
