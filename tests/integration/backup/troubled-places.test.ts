import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { BackupDestination } from '#protocols';
import { type RunOptions, runBackup } from '../../../server/domain/backup/run-backup.ts';
import { BackupWorker, FolderPlaces } from '../../../server/storage/backup/index.ts';
import { BUILT_WORKER } from '../../helpers/built-worker.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { keepSilent } from '../../helpers/silent-folder.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { backupOf, dataFolder, rootOf, sheetOf } from './support.ts';

const AT = Date.UTC(2026, 10, 28, 19, 30);

/** Where in the system a process waits for a file system that does not answer. */
const FUSE_WAITS = /fuse|request_wait_answer/;

/** What each backup process of this one waits for. */
async function waitsFor(): Promise<string[]> {
  const tasks = await readdir('/proc/self/task');
  const lists = await Promise.all(tasks.map((id) => readFile(`/proc/self/task/${id}/children`, 'utf8')));
  const found: string[] = [];
  for (const pid of lists
    .join(' ')
    .split(' ')
    .filter((one) => one !== '')) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('backup/worker.js'))
      found.push(await readFile(`/proc/${pid}/wchan`, 'utf8').catch(() => ''));
  }
  return found;
}

async function startWorker(clock: FakeClock): Promise<BackupWorker> {
  const worker = new BackupWorker({ clock, script: BUILT_WORKER });
  await worker.start();
  onTestFinished(() => worker.stop());
  return worker;
}

/** What a run into these folders needs; of the area that the fixtures are of. */
async function runInto(clock: FakeClock, folders: readonly string[], more: Partial<RunOptions> = {}) {
  const data = await dataFolder();
  const { key } = await sheetOf(await rootOf(data));
  const destinations = folders.map((folder): BackupDestination => {
    const id = basename(folder);
    return { id, name: id, kind: 'folder', folder };
  });
  const options: RunOptions = {
    ...{ maker: await startWorker(clock), places: new FolderPlaces({ dataFolder: data, clock }) },
    settings: {
      ...{ at: '02:30', keep: { daily: 1, weekly: 0, monthly: 0 }, alarmDays: 14 },
      destinations,
    },
    ...{ zone: 'Asia/Ho_Chi_Minh', by: 'controller', now: () => clock.now() },
    order: {
      ...{ databaseUrl: `file:${join(data, 'loa.db')}`, dataFolder: data, areaId: 'tan-an', at: AT },
      ...{ version: 'test', sheet: 1, ...key },
    },
    onProgress: () => undefined,
    ...more,
  };
  return runBackup(options);
}

it('an old backup that cannot be removed is told, and takes nothing from the run', async () => {
  const [stuck, free] = [tempDir('stuck'), tempDir('free')];
  // What is no file cannot be removed as one, whoever asks.
  for (const day of ['01', '02'])
    await mkdir(join(stuck, `loa-lang_tan-an_2020-01-${day}_00-00-00Z_phieu-1.tar`));
  const phases = new Set<string>();
  const onProgress: RunOptions['onProgress'] = ({ phase }) => void phases.add(phase);
  const run = await runInto(new FakeClock({ start: AT }), [stuck, free], { onProgress });
  expect(run.places).toMatchObject([
    {
      ok: true,
      error: { code: 'backup.old_kept', params: { count: 2, reason: expect.stringMatching(/./) } },
    },
    { ok: true, error: null },
  ]);
  expect(run).toMatchObject({ verified: true, error: null });
  expect(await readdir(free)).toEqual([run.name]);
  expect([...phases]).toEqual(expect.arrayContaining(['snapshot', 'write', 'verify', 'copy']));
});

it('a place that is gone with the backup is named where it could not be copied', async () => {
  const clock = new FakeClock({ start: AT });
  const worker = await startWorker(clock);
  const [first, second] = [tempDir('first'), tempDir('second')];
  const maker: RunOptions['maker'] = {
    make: async (order, onProgress) => {
      const made = await worker.make(order, onProgress);
      await rm(first, { recursive: true });
      return made;
    },
    copy: (...args) => worker.copy(...args),
    sealKey: (...args) => worker.sealKey(...args),
  };
  const run = await runInto(clock, [first, second], { maker });
  const error = { code: 'backup.source_gone', params: { folder: second, source: first } };
  expect(run.places).toMatchObject([{ ok: true }, { ok: false, error }]);
});

it('a stop in the middle of a run begins nothing in the next place', async () => {
  const clock = new FakeClock({ start: AT });
  const worker = await startWorker(clock);
  let stopped: Promise<void> | undefined;
  const run = await runInto(clock, [tempDir('first'), tempDir('second')], {
    maker: worker,
    onProgress: () => {
      stopped ??= worker.stop();
    },
  });
  await stopped;
  // The first one may have been done already when it was told of.
  expect(run.places[1]).toMatchObject({ ok: false, error: { code: 'backup.given_up' } });
  expect(await waitsFor()).toEqual([]);
});

it('a share that stops to answer in the middle is given up after half an hour or at a stop, and leaves nothing that waits', async ({
  skip,
}) => {
  const share = tempDir('share');
  const end = await keepSilent(share);
  if (end === undefined) return skip('mount is not allowed here');
  let comeBack: (() => Promise<void>) | undefined = end;
  onTestFinished(() => comeBack?.());
  const [clock, { file, made }] = [new FakeClock(), await backupOf(await dataFolder())];
  const worker = await startWorker(clock);
  const copy = worker.copy(file, share, made.name, made.sha256, () => undefined);
  const refused = expect(copy).rejects.toMatchObject({
    ...{ code: 'backup.copy_stalled', params: { folder: share, source: file } },
  });
  await until('it to wait for the share', async () =>
    (await waitsFor()).some((where) => FUSE_WAITS.test(where)),
  );
  await clock.advance(30 * 60_000 - 1);
  expect(clock.pendingTimers()).toHaveLength(1);
  await clock.advance(1);
  await refused;
  // Nothing of it waits on, and another place takes the next one.
  expect(await waitsFor()).toEqual([]);
  expect(clock.pendingTimers()).toEqual([]);
  const usb = tempDir('usb');
  await worker.copy(file, usb, made.name, made.sha256, () => undefined);
  expect(await readdir(usb)).toEqual([made.name]);
  // A stop gives up the same at once.
  const given = expect(worker.copy(file, share, made.name, made.sha256, () => undefined)).rejects.toThrow(
    'the controller stops',
  );
  await until('it to wait for the share again', async () =>
    (await waitsFor()).some((where) => FUSE_WAITS.test(where)),
  );
  await worker.stop();
  await given;
  expect(await waitsFor()).toEqual([]);
  await end();
  comeBack = undefined;
});
