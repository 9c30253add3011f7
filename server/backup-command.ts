import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemClock } from '#kit';
import { type BackupRun, type BackupSettings, DomainError, keyFingerprint } from '#protocols';
import { actAsOwner } from './act-as-owner.ts';
import { loadConfig, type ServerConfig } from './config/index.ts';
import { DEFAULT_ZONE } from './domain/areas/area.ts';
import type { BackupMaker } from './domain/backup/backup-maker.ts';
import { backupSettingsCodec, defaultSettings, type Sheet } from './domain/backup/backup-settings.ts';
import { newPassphrase } from './domain/backup/passphrase.ts';
import { runBackup } from './domain/backup/run-backup.ts';
import {
  BackupLogFile,
  chainIn,
  FolderPlaces,
  OWN,
  type Progress,
  readDatabaseFacts,
  TASKS,
} from './storage/backup/index.ts';
import { failureLine, progressLine, say } from './terminal.ts';
import { VERSION } from './version.ts';

const USAGE = 'cách dùng: npm run backup [-- --to THƯ-MỤC]';

/**
 * A backup from the terminal, beside a controller that runs or without one: the database is only read, which another process may
 * do at any time (WAL). Resolves with the exit code.
 */
async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ options: { to: { type: 'string' }, help: { type: 'boolean' } } });
    if (values.help) {
      say(USAGE);
      return 0;
    }
    const run = await backup(
      loadConfig(process.env),
      values.to === undefined ? undefined : resolve(values.to),
    );
    return tell(run);
  } catch (error) {
    say(failureLine(error));
    return 1;
  }
}

async function backup(config: ServerConfig, to: string | undefined): Promise<BackupRun> {
  const { dataFolder, databaseUrl } = config;
  actAsOwner(config);
  if (!existsSync(dataFolder))
    throw new DomainError('backup.place_unusable', {
      folder: dataFolder,
      reason: 'it is not there',
      expected: 'LOA_DATA to name the data folder of a controller',
    });
  const { settings: text, roots } = await readDatabaseFacts(databaseUrl);
  const stored =
    text === null ? defaultSettings(join(dataFolder, OWN.backups)) : backupSettingsCodec.parse(text);
  const root = roots.find(({ id }) => id === config.rootArea.id) ?? roots[0];
  const key = stored.sheet ?? (await onceOnly(join(dataFolder, 'keys')));
  if (to !== undefined) await mkdir(to, { recursive: true });
  const settings = to === undefined ? stored.settings : onlyTo(stored.settings, to);
  const maker: BackupMaker = {
    make: (order, onProgress) =>
      TASKS.make(order, (progress: Progress) => 'phase' in progress && onProgress(progress)),
    copy: async (from, folder, name, sha256) =>
      void (await TASKS.copy({ from, folder, name, sha256 }, () => undefined)),
    sealKey: (passphrase, rootKey) => TASKS.sealKey({ passphrase, rootKey }, () => undefined),
  };
  const run = await runBackup({
    ...{ maker, settings, by: 'terminal', now: () => Date.now(), zone: root?.zone ?? DEFAULT_ZONE },
    rotates: to === undefined,
    places: new FolderPlaces({ dataFolder, clock: new SystemClock() }),
    order: {
      ...{ databaseUrl, dataFolder, version: VERSION, areaId: root?.id ?? 'xa', at: Date.now() },
      ...{ sheet: key.number, recipient: key.recipient, keyFile: key.keyFile },
    },
    onProgress: progressLine({
      snapshot: 'chụp cơ sở dữ liệu',
      write: 'ghi',
      verify: 'đọc lại',
      copy: 'chép',
    }),
  });
  await new BackupLogFile({ dataFolder }).append(run);
  return run;
}

/** The settings with one destination. */
function onlyTo(settings: BackupSettings, folder: string): BackupSettings {
  return { ...settings, destinations: [{ id: 'terminal', name: folder, kind: 'folder', folder }] };
}

/** Where nobody has made a sheet yet: a passphrase for this one file, shown now and never again. */
async function onceOnly(keys: string): Promise<Sheet> {
  const passphrase = newPassphrase();
  const rootKey = (await chainIn(keys)).signers.at(-1) ?? '';
  const sealed = await TASKS.sealKey({ passphrase, rootKey }, () => undefined);
  say('chưa có phiếu sao lưu. Mật khẩu của RIÊNG bản sao lưu này, chép lại ngay, không hiện lần nữa:');
  say(`    ${passphrase}`);
  say(`mã khóa gốc của máy chủ này, để đối chiếu khi khôi phục: ${keyFingerprint(rootKey)}`);
  return { number: 0, madeAt: Date.now(), ...sealed, rootKey };
}

function tell(run: BackupRun): number {
  for (const { folder, ok, away, error } of run.places) {
    if (!ok) say(`${folder}: KHÔNG sao lưu được: ${error?.message}`);
    else say(`${folder}: xong${away ? '' : ' (cùng ổ đĩa với máy chủ: mất máy là mất bản này)'}`);
    if (ok && error !== null) say(`cảnh báo: ${folder}: ${error.message}`);
  }
  if (!run.verified) return 1;
  say(`${run.name}: ${run.bytes} byte, đã đọc lại và kiểm tra, phiếu số ${run.sheet}`);
  if (run.missing > 0) say(`cảnh báo: ${run.missing} tệp âm thanh không còn nguyên vẹn trên ổ đĩa`);
  for (const { path, reason } of run.skipped ?? [])
    say(`cảnh báo: không sao lưu được "${JSON.stringify(path).slice(1, -1)}": ${reason}`);
  return run.places.every(({ ok }) => ok) ? 0 : 1;
}

process.exitCode = await main();
