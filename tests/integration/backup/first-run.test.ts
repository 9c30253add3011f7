import { createReadStream } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { RestoreState } from '#protocols';
import { SetupRestore } from '../../../server/domain/backup/setup-restore.ts';
import { BackupWorker, finishRestore, IncomingRestore } from '../../../server/storage/backup/index.ts';
import { BUILT_WORKER } from '../../helpers/built-worker.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { ofEarlierVersion } from './repack.ts';
import { backupOf, dataFolder, names, sheetOf } from './support.ts';

const WRONG = 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF';
const HALF_AN_HOUR = 30 * 60_000;

let data: string;
let backup: Awaited<ReturnType<typeof backupOf>>;
beforeAll(async () => {
  data = await dataFolder();
  backup = await backupOf(data);
});

/** The first-run page's part of a controller on an empty folder, with a clock that the test moves. */
async function firstRun(folder = join(tempDir('first-run'), 'data')) {
  const clock = new FakeClock();
  const worker = new BackupWorker({ clock, script: BUILT_WORKER });
  const place = { dataFolder: folder, databaseUrl: `file:${join(folder, 'loa.db')}` };
  const errors: unknown[] = [];
  const restarts: number[] = [];
  let fresh = true;
  const restore = new SetupRestore({
    ...{ guard: { check: () => undefined }, isFresh: async () => fresh, clock, ownUrl: 'http://new.test' },
    stage: new IncomingRestore({ ...place, worker, clock }),
    restart: () => void restarts.push(clock.now()),
    onError: (error) => void errors.push(error),
  });
  for (const part of [worker, restore]) {
    onTestFinished(() => part.stop());
    await part.start();
  }
  const ended = (phase: RestoreState['phase']) =>
    until(phase, () => {
      const now = restore.state('');
      return now.phase === phase && now;
    });
  return {
    ...{ restore, clock, errors, restarts, place, ended },
    send: async (passphrase: string, file = backup.file) => {
      await restore.admit('');
      await restore.begin(passphrase, createReadStream(file));
    },
    inUse: () => {
      fresh = false;
    },
    received: () =>
      access(join(folder, 'restoring', 'incoming.tar')).then(
        () => true,
        () => false,
      ),
  };
}

it('asks for the passphrase again and keeps the file, then for a word that it is the right one', async () => {
  const { restore, send, ended, received, restarts, place } = await firstRun();
  await send(WRONG);
  const failed = await ended('failed');
  expect(failed).toMatchObject({ error: { code: 'backup.wrong_passphrase' } });
  expect(failed.keptUntil).not.toBeNull();
  await restore.tryAgain('', 'again wrong');
  await ended('failed');
  await restore.tryAgain('', backup.passphrase.toLowerCase());
  const { facts, ownUrl } = await ended('confirm');
  expect(ownUrl).toBe('http://new.test');
  expect(facts).toMatchObject({ areaId: 'tan-an', signed: true, ofSheet: true });
  const [key] = facts?.rootKeys ?? [];
  const sha256 = facts?.sha256 ?? '';
  // The right key, and another file than the one that was shown.
  const other = { sha256: 'a'.repeat(64), rootKey: key?.fingerprint ?? '', unsigned: false };
  await expect(restore.confirm('', other)).rejects.toMatchObject({ code: 'restore.unconfirmed' });
  await expect(restore.confirm('', { sha256, rootKey: '00000 00000', unsigned: true })).rejects.toMatchObject(
    {
      code: 'restore.unconfirmed',
    },
  );
  expect(restarts).toEqual([]);
  expect(await received()).toBe(true);
  await restore.confirm('', {
    ...{ sha256, rootKey: key?.fingerprint.replaceAll(' ', '') ?? '', unsigned: false },
  });
  expect(restore.state('').phase).toBe('ready');
  expect(restarts).toHaveLength(1);
  await finishRestore(place);
  expect(await names(place.dataFolder)).not.toContain('restoring');
  expect(await readFile(join(place.dataFolder, 'keys/root.pem'))).toEqual(
    await readFile(join(data, 'keys/root.pem')),
  );
});

it('a backup that nobody signed needs a word of its own', async () => {
  const { passphrase, key } = await sheetOf(null);
  const { file } = await backupOf(data, key);
  const { restore, send, ended, restarts } = await firstRun();
  await send(passphrase, await ofEarlierVersion(file, passphrase));
  const { facts } = await ended('confirm');
  expect(facts).toMatchObject({ signed: false });
  const rootKey = facts?.rootKeys[0]?.fingerprint ?? '';
  await expect(
    restore.confirm('', { sha256: facts?.sha256 ?? '', rootKey, unsigned: false }),
  ).rejects.toMatchObject({
    code: 'restore.unconfirmed',
  });
  await restore.confirm('', { sha256: facts?.sha256 ?? '', rootKey, unsigned: true });
  expect(restarts).toHaveLength(1);
});

it.each(['failed', 'confirm'] as const)('what waits (%s) is let go of after half an hour', async (phase) => {
  const { restore, send, ended, clock, received, place } = await firstRun();
  await send(phase === 'failed' ? WRONG : backup.passphrase);
  const { keptUntil } = await ended(phase);
  expect(keptUntil).toBe(clock.now() + HALF_AN_HOUR);
  await clock.advance(HALF_AN_HOUR - 1);
  expect(await received()).toBe(true);
  await clock.advance(1);
  expect(restore.state('')).toMatchObject({
    phase: 'failed',
    keptUntil: null,
    error: { code: 'restore.not_kept' },
  });
  await restore.idle();
  expect(await names(place.dataFolder)).toEqual([]);
  await expect(restore.tryAgain('', backup.passphrase)).rejects.toMatchObject({ code: 'restore.not_kept' });
});

it('what waits can be given up, and another file takes its place', async () => {
  const { restore, send, ended, received, inUse } = await firstRun();
  await send(backup.passphrase);
  await ended('confirm');
  await send(WRONG);
  await ended('failed');
  await restore.cancel('');
  expect(restore.state('').phase).toBe('none');
  expect(await received()).toBe(false);
  await send(backup.passphrase);
  const { facts } = await ended('confirm');
  // Somebody made an administrator in the meantime.
  inUse();
  const rootKey = facts?.rootKeys[0]?.fingerprint ?? '';
  await expect(
    restore.confirm('', { sha256: facts?.sha256 ?? '', rootKey, unsigned: false }),
  ).rejects.toMatchObject({
    code: 'setup.done',
  });
});

it('a disk that takes nothing is told as what it is, and not as a damaged file', async () => {
  // A file where the data folder would be: what the disk says to it is no word about the backup.
  const folder = join(tempDir('first-run'), 'file', 'data');
  await mkdir(dirname(dirname(folder)), { recursive: true });
  await writeFile(dirname(folder), 'a file');
  const { restore, send, errors } = await firstRun(folder);
  await expect(send(backup.passphrase)).rejects.toMatchObject({ code: 'backup.disk_failed' });
  expect(restore.state('')).toMatchObject({
    phase: 'failed',
    error: { code: 'backup.disk_failed', params: { reason: expect.stringContaining('ENOTDIR') } },
  });
  // What is left is none of ours.
  expect(errors.length).toBeLessThanOrEqual(1);
});
