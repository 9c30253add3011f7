import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BackupOrder, MadeBackup } from '../../../server/domain/backup/backup-maker.ts';
import { newPassphrase } from '../../../server/domain/backup/passphrase.ts';
import { finishRestore, requirePlace, TASKS } from '../../../server/storage/backup/index.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** The built worker: a thread cannot run the sources. */
export const BUILT_WORKER = pathToFileURL(inRepo('dist/server/storage/backup/worker.js'));

export const nothing = (): void => undefined;

/** A backup of a data folder under a passphrase of its own. */
export async function backupOf(
  dataFolder: string,
  more: Partial<BackupOrder> = {},
): Promise<{ readonly made: MadeBackup; readonly file: string; readonly passphrase: string }> {
  const passphrase = newPassphrase();
  const key = await TASKS.sealKey({ passphrase }, nothing);
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
  { replace = false, databaseUrl = `file:${join(dataFolder, 'loa.db')}` } = {},
): ReturnType<typeof finishRestore> {
  const place = { dataFolder, databaseUrl };
  await requirePlace(place, replace);
  await TASKS.stage({ ...place, file, passphrase, now: Date.UTC(2026, 10, 30) }, nothing);
  return finishRestore(place);
}
