import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rmdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import type { BackupDestination, BackupRun, BackupSettings } from '#protocols';
import type { Actor } from '../../../server/domain/accounts/actor.ts';
import { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import { BackupService } from '../../../server/domain/backup/backup-service.ts';
import { EventHub } from '../../../server/domain/events/event-hub.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import { BackupLogFile, FolderPlaces, TASKS } from '../../../server/storage/backup/index.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { mountSmall, unmount } from '../../helpers/small-disk.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { nothing } from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 02:30 in Vietnam. */
const NIGHT = Date.UTC(2026, 10, 28, 19, 30);
const ADMIN: Actor = {
  kind: 'person',
  name: 'quản trị',
  grants: [{ role: 'administrator', areas: ['tan-an'] }],
};

/** A backup service on a real database and real folders, with a clock that the test moves. */
async function world(
  options: {
    readonly now?: number;
    readonly onError?: (error: unknown) => void;
    readonly memoryIs?: 'a drive';
  } = {},
) {
  const fail = (error: unknown) => {
    throw error;
  };
  const { onError = fail } = options;
  const dataFolder = tempDir('data');
  const databaseUrl = `file:${join(dataFolder, 'loa.db')}`;
  const clock = new FakeClock({ start: options.now ?? NIGHT - HOUR });
  const storage = openStorage({ url: databaseUrl, clock: new SystemClock() });
  await storage.start();
  onTestFinished(() => storage.stop());
  const keys = new KeyService({ vault: new KeyFiles({ folder: join(dataFolder, 'keys') }), clock });
  await keys.start();
  const areas = new AreaDirectory();
  areas.load([
    {
      ...{
        id: 'tan-an',
        parentId: null,
        kind: 'xã',
        name: 'Tân An',
        zone: null,
        policy: null,
        retiredAt: null,
      },
      createdAt: clock.now(),
    },
  ]);
  const runs: BackupRun[] = [];
  const alarms: number[] = [];
  const events = new EventHub();
  let trusted = true;
  const build = () =>
    new BackupService({
      ...{ storage, clock, events, areas, databaseUrl, dataFolder, version: 'test', rootAreaId: 'tan-an' },
      ...{ rootKey: () => keys.statingRoot, oldAddress: () => null },
      maker: {
        make: (order, onProgress) =>
          TASKS.make(order, (progress) => 'phase' in progress && onProgress(progress)),
        copy: async (from, folder, name, sha256) =>
          void (await TASKS.copy({ from, folder, name, sha256 }, nothing)),
        sealKey: (passphrase, rootKey) => TASKS.sealKey({ passphrase, rootKey }, nothing),
      },
      // Small disks of tests are memory; one test is about that.
      places: new FolderPlaces({
        ...{ dataFolder, clock },
        ...(options.memoryIs === 'a drive' ? { inMemory: [] } : {}),
      }),
      log: new BackupLogFile({ dataFolder }),
      clockTrusted: () => trusted,
      onError,
      onAlarm: (days) => void alarms.push(days),
      onRun: (run) => void runs.push(run),
    });
  let service = build();
  await service.start();
  const sealed = await service.sealKey('AAAA-AAAA');
  return {
    log: new BackupLogFile({ dataFolder }),
    ...{ dataFolder, clock, storage, runs, alarms, events },
    service: () => service,
    distrust: () => {
      trusted = false;
    },
    newSheet: () => storage.transaction((tx) => service.adoptSheet(tx, ADMIN, sealed)),
    configure: async (change: Partial<BackupSettings>) => {
      const { settings } = await service.state(ADMIN);
      const next = { ...settings, ...change };
      const places = await service.lookAhead(ADMIN, next);
      await storage.transaction((tx) => service.configure(tx, ADMIN, next, places));
    },
    /** The box was off and is on again. */
    restart: async () => {
      await service.stop();
      service = build();
      await service.start();
    },
  };
}

const usb = (folder: string): BackupDestination => ({ id: 'usb', name: 'Ổ USB', kind: 'drive', folder });

describe('each night', () => {
  it('a backup is made once, when there is a sheet', async () => {
    const { service, clock, runs, newSheet } = await world();
    await clock.advance(NIGHT - clock.now());
    await service().tick();
    expect(runs).toEqual([]);
    await newSheet();
    await service().tick();
    await service().tick();
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ verified: true, sheet: 1, by: 'controller' });
    expect((await service().state(ADMIN)).nextAt).toBe(NIGHT + DAY);
  });

  it('one that was missed is made up for when the box is on again', async () => {
    const { service, clock, runs, newSheet, restart } = await world();
    await newSheet();
    await clock.advance(NIGHT - clock.now());
    await service().tick();
    await clock.advance(NIGHT + 30 * HOUR - clock.now());
    await restart();
    await service().tick();
    await service().tick();
    expect(runs.map(({ at }) => at)).toEqual([NIGHT, NIGHT + 30 * HOUR]);
  });

  it('none is made while the clock is in doubt', async () => {
    const { service, clock, runs, newSheet, distrust } = await world();
    await newSheet();
    await clock.advance(NIGHT - clock.now());
    distrust();
    await service().tick();
    expect(runs).toEqual([]);
  });

  it('only so many are kept in each place, and what is not ours is left alone', async () => {
    const { service, clock, newSheet, configure, dataFolder } = await world();
    await newSheet();
    const folder = join(dataFolder, 'backups');
    await mkdir(folder);
    const other = join(folder, 'loa-lang_noi-khac_2020-01-01_00-00-00Z_phieu-1.tar');
    await mkdir(other);
    const local = { id: 'local', name: 'máy', kind: 'folder' as const, folder };
    await configure({ destinations: [local], keep: { daily: 2, weekly: 0, monthly: 0 } });
    for (let night = 0; night < 4; night++) {
      await clock.advance(NIGHT + night * DAY - clock.now());
      await service().tick();
    }
    const kept = (await readdir(folder)).filter((name) => name.includes('tan-an')).sort();
    expect(kept.map((name) => name.slice(16, 26))).toEqual(['2026-11-30', '2026-12-01']);
    expect(await readdir(folder)).toContain('loa-lang_noi-khac_2020-01-01_00-00-00Z_phieu-1.tar');
  });
});

it('a run of the future, when the clock was ahead, holds up no night and no alarm', async () => {
  const { service, clock, runs, newSheet, log } = await world();
  await newSheet();
  const ahead = Date.UTC(2031, 0, 1);
  const place = { id: 'usb', folder: '/usb', ok: true, away: true, error: null };
  const run = { at: ahead, endedAt: ahead, verified: true, by: 'controller', name: 'x', bytes: 1 };
  await log.append({ ...run, missing: 0, sheet: 1, error: null, places: [place] });
  await clock.advance(NIGHT + 20 * DAY - clock.now());
  await service().tick();
  expect(runs).toHaveLength(1);
  expect((await service().state(ADMIN)).alarm).toMatchObject({ days: 20 });
});

it('backups of a clock that was ahead do not let a run remove what it has made', async () => {
  const { service, clock, runs, newSheet, dataFolder } = await world();
  await newSheet();
  const folder = join(dataFolder, 'backups');
  await mkdir(folder);
  for (const day of ['01', '02', '03'])
    await writeFile(join(folder, `loa-lang_tan-an_2031-01-${day}_00-00-00Z_phieu-1.tar`), 'x');
  await clock.advance(NIGHT - clock.now());
  await service().tick();
  await clock.advance(DAY);
  await service().tick();
  const made = runs.map(({ name }) => name);
  expect(made).toHaveLength(2);
  const kept = await readdir(folder);
  expect(kept).toEqual(expect.arrayContaining(made));
  expect(kept.filter((name) => name.includes('_2031-'))).toHaveLength(2);
});

it('a run at the terminal counts for a controller that runs', async () => {
  const { service, clock, runs, newSheet, log } = await world();
  await newSheet();
  await clock.advance(NIGHT - clock.now());
  const place = { id: 'terminal', folder: '/usb', ok: true, away: true, error: null };
  const run = { at: NIGHT, endedAt: NIGHT, verified: true, by: 'terminal', name: 'x', bytes: 1 };
  await log.append({ ...run, missing: 0, sheet: 1, error: null, places: [place] });
  expect((await service().state(ADMIN)).last).toMatchObject({ by: 'terminal' });
  await service().tick();
  expect(runs).toEqual([]);
  expect(service().awayAt).toBe(NIGHT);
});

describe('destinations', () => {
  it('a drive that is not connected gets nothing: its folder is on the own disk then', async () => {
    const { service, clock, runs, newSheet, configure } = await world({ memoryIs: 'a drive' });
    await newSheet();
    const folder = tempDir('usb');
    const { settings } = await service().state(ADMIN);
    await configure({ destinations: [...settings.destinations, usb(folder)] });
    await clock.advance(NIGHT - clock.now());
    await service().tick();
    expect(runs[0]?.places).toMatchObject([
      { id: 'local', ok: true, away: false },
      { id: 'usb', ok: false, error: { code: 'backup.place_unmounted' } },
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('a drive that is connected gets the same bytes, and that counts as left the box', async ({ skip }) => {
    const folder = tempDir('usb');
    if (!mountSmall(folder, '64m')) return skip('mount is not allowed here');
    onTestFinished(() => unmount(folder));
    const { service, clock, runs, newSheet, configure, dataFolder } = await world({ memoryIs: 'a drive' });
    await newSheet();
    const { settings } = await service().state(ADMIN);
    await configure({ destinations: [...settings.destinations, usb(folder)] });
    await clock.advance(NIGHT - clock.now());
    await service().tick();
    expect(runs[0]?.places.map(({ ok, away }) => [ok, away])).toEqual([
      [true, false],
      [true, true],
    ]);
    const name = runs[0]?.name ?? '';
    const hash = async (path: string) =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    expect(await hash(join(folder, name))).toBe(await hash(join(dataFolder, 'backups', name)));
    expect(service().awayAt).toBe(NIGHT);
    const state = await service().state(ADMIN);
    expect(state.destinations[1]).toMatchObject({ present: true, leavesBox: true, fileSystem: 'tmpfs' });
    expect(state.destinations[1]?.backups).toMatchObject([{ name, sheet: 1 }]);
  });

  it('with too little room the next destination takes it', async ({ skip }) => {
    const folder = tempDir('usb');
    if (!mountSmall(folder, '1m')) return skip('mount is not allowed here');
    onTestFinished(() => unmount(folder));
    const { service, clock, runs, newSheet, configure } = await world({ memoryIs: 'a drive' });
    await newSheet();
    const { settings } = await service().state(ADMIN);
    await configure({ destinations: [usb(folder), ...settings.destinations] });
    await clock.advance(NIGHT - clock.now());
    await service().tick();
    expect(runs[0]).toMatchObject({ verified: true });
    expect(runs[0]?.places).toMatchObject([
      { id: 'usb', ok: false, error: { code: 'backup.no_room' } },
      { id: 'local', ok: true },
    ]);
  });

  it('in memory is no drive: nothing is put there, and nothing has left the box', async ({ skip }) => {
    const folder = tempDir('shm');
    if (!mountSmall(folder, '64m')) return skip('mount is not allowed here');
    onTestFinished(() => unmount(folder));
    const { service, clock, runs, newSheet, configure } = await world({});
    await newSheet();
    const { settings } = await service().state(ADMIN);
    await configure({ destinations: [...settings.destinations, usb(folder)] });
    await clock.advance(NIGHT - clock.now());
    await service().tick();
    expect(runs[0]?.places[1]).toMatchObject({ ok: false, error: { code: 'backup.place_in_memory' } });
    expect(service().awayAt).toBeNull();
    expect((await service().state(ADMIN)).destinations[1]).toMatchObject({ leavesBox: false });
  });

  it('is a folder that is none of the data, however it is written', async () => {
    const { configure, service, dataFolder } = await world();
    const place = (folder: string) =>
      configure({ destinations: [{ id: 'x', name: 'x', kind: 'folder', folder }] });
    const link = join(tempDir('link'), 'keys');
    await symlink(join(dataFolder, 'keys'), link);
    await expect(place('/etc/passwd')).rejects.toMatchObject({ code: 'backup.place_file' });
    for (const folder of [
      `${dataFolder}/./keys`,
      `${dataFolder}/../${basename(dataFolder)}/keys`,
      dataFolder,
      link,
      `${link}/below`,
    ])
      await expect(place(folder), folder).rejects.toMatchObject({ code: 'backup.place_within' });
    const usb = tempDir('usb');
    await place(`${usb}/./a/../b/`);
    expect((await service().state(ADMIN)).settings.destinations[0]?.folder).toBe(join(usb, 'b'));
  });

  it('inside the data folder is refused: it would back itself up', async () => {
    const { configure, dataFolder } = await world();
    const inside = { id: 'x', name: 'x', kind: 'folder' as const, folder: join(dataFolder, 'media') };
    await expect(configure({ destinations: [inside] })).rejects.toMatchObject({
      code: 'backup.place_within',
    });
  });
});

describe('the alarm', () => {
  it('is given when nothing has left the box for 14 days, once a day, and ends with the next success', async ({
    skip,
  }) => {
    const { service, clock, alarms, newSheet, configure } = await world({ memoryIs: 'a drive' });
    await newSheet();
    await clock.advance(NIGHT + 13 * DAY - clock.now());
    await service().tick();
    expect(alarms).toEqual([]);
    await clock.advance(NIGHT + 14 * DAY - clock.now());
    await service().tick();
    await service().tick();
    expect(alarms).toEqual([14]);
    expect((await service().state(ADMIN)).alarm).toMatchObject({ days: 14 });
    const folder = tempDir('usb');
    if (!mountSmall(folder, '64m')) return skip('mount is not allowed here');
    onTestFinished(() => unmount(folder));
    await configure({ destinations: [usb(folder)] });
    await clock.advance(NIGHT + 15 * DAY - clock.now());
    await service().tick();
    expect((await service().state(ADMIN)).alarm).toBeNull();
  });
});

it('a failure is a record and an event, and is tried again after an hour', async () => {
  const { service, clock, runs, newSheet, events, dataFolder } = await world();
  await newSheet();
  await rename(join(dataFolder, 'keys'), join(dataFolder, 'no-keys'));
  await clock.advance(NIGHT - clock.now());
  await service().tick();
  const error = { code: 'backup.unverified', params: { reason: expect.stringContaining('keys') } };
  expect(runs[0]).toMatchObject({ verified: false, name: null, error });
  expect(events.read(0, 10)?.at(-1)?.event).toMatchObject({
    name: 'backup.changed',
    data: { state: 'failed' },
  });
  await rename(join(dataFolder, 'no-keys'), join(dataFolder, 'keys'));
  await clock.advance(NIGHT + HOUR / 2 - clock.now());
  await service().tick();
  expect(runs).toHaveLength(1);
  await clock.advance(NIGHT + HOUR - clock.now());
  await service().tick();
  expect(runs[1]).toMatchObject({ verified: true });
});

it('a log of runs that cannot be kept stops neither the start nor the backup, and is told', async () => {
  const failures: unknown[] = [];
  const { service, clock, runs, newSheet, dataFolder, log, restart } = await world({
    onError: (error) => void failures.push(error),
  });
  await newSheet();
  await mkdir(join(dataFolder, 'backups.jsonl'));
  await restart();
  expect(service().logFailure).toContain('EISDIR');
  await clock.advance(NIGHT - clock.now());
  await service().tick();
  expect(runs[0]).toMatchObject({ verified: true });
  expect(failures, 'told once').toHaveLength(1);
  await rmdir(join(dataFolder, 'backups.jsonl'));
  await clock.advance(DAY);
  await service().tick();
  expect(service().logFailure).toBeNull();
  // Also what it refused: a backup that left the box meanwhile counts after a restart.
  expect((await log.read()).map(({ at }) => at)).toEqual(runs.map(({ at }) => at));
  expect(runs).toHaveLength(2);
});

it('a run that the log refused is kept as soon as it takes it, without waiting for the next run', async () => {
  const { service, clock, runs, newSheet, dataFolder, log } = await world({ onError: nothing });
  await newSheet();
  await mkdir(join(dataFolder, 'backups.jsonl'));
  await clock.advance(NIGHT - clock.now());
  await service().tick();
  await rmdir(join(dataFolder, 'backups.jsonl'));
  // What a disk that filled up took of another one.
  await writeFile(join(dataFolder, 'backups.jsonl'), '{"at":1,"end');
  await service().tick();
  expect(await log.read()).toEqual(runs);
  expect(runs).toHaveLength(1);
});
