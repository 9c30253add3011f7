import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { openStorage } from '../../../server/storage/index.ts';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { itWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const open = (url: string) => openStorage({ url, clock: new SystemClock(), busyLimitMs: 50 });

async function secondIsRefused(url: string): Promise<void> {
  const [first, second] = [open(url), open(url)];
  await first.start();
  onTestFinished(() => first.stop());
  await expect(second.start()).rejects.toMatchObject({
    name: 'StorageStartError',
    reason: 'owned',
    message: expect.stringMatching(/^another controller is running on .*: stop it first, or give this one /),
  });
  await first.stop();
  await second.start();
  await second.stop();
}

it('a second controller on the same SQLite file is refused until the first has stopped', async () => {
  await secondIsRefused(`file:${join(tempDir('owner'), 'loa.db')}`);
});

itWith(['postgresql'], 'a second controller on the same PostgreSQL database is refused too', async () => {
  await secondIsRefused(await freshPostgresDatabase());
});

it('an owner in another process that is killed leaves no stale lock', async () => {
  const path = join(tempDir('owner'), 'loa.db');
  const other = await ForeignProcess.holding(`${path}.owner`, 'EXCLUSIVE');
  const storage = open(`file:${path}`);
  await expect(storage.start()).rejects.toMatchObject({ reason: 'owned' });
  await other.kill();
  await storage.start();
  await storage.stop();
});

it('a database URL of another kind is refused with what is expected', () => {
  expect(() => open('mysql://localhost/loa')).toThrow(/expected "file:\/path\/loa\.db" or "postgresql:/);
});

it('nothing is read or written before the start and after the stop', async () => {
  const storage = open(`file:${join(tempDir('owner'), 'loa.db')}`);
  await expect(storage.read.areas.all()).rejects.toThrow(/not started/);
  await expect(storage.transaction(async () => 1)).rejects.toThrow(/not started/);
  await storage.start();
  expect(await storage.read.areas.all()).toEqual([]);
  await storage.stop();
  await expect(storage.read.areas.all()).rejects.toThrow(/not started/);
  await expect(storage.ping()).rejects.toThrow(/not started/);
});
