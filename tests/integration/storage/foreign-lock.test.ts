import { join } from 'node:path';
import { setTimeout as turn } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { openStorage } from '../../../server/storage/index.ts';
import { area } from '../../contract/storage/samples.ts';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { itWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** The areas in the file itself, read by a connection that knows nothing of ours. */
function inFile(path: string): string[] {
  const database = new BetterSqlite3(path, { readonly: true });
  try {
    return (database.prepare('SELECT "id" FROM "Area"').all() as { id: string }[]).map(({ id }) => id);
  } finally {
    database.close();
  }
}

async function started(busyLimitMs: number) {
  const path = join(tempDir('lock'), 'loa.db');
  const storage = openStorage({ url: `file:${path}`, clock: new SystemClock(), busyLimitMs });
  await storage.start();
  onTestFinished(() => storage.stop());
  return { path, storage };
}

it('a foreign process holds the database for a while: everything else goes on, and nothing acknowledged is missing', async () => {
  const { path, storage } = await started(60_000);
  const before = area();
  await storage.transaction((tx) => tx.areas.insert(before));
  const foreign = await ForeignProcess.holding(path, 'IMMEDIATE');
  const acknowledged: string[] = [];
  const writes = Array.from({ length: 40 }, async () => {
    const place = area();
    await storage.transaction((tx) => tx.areas.insert(place));
    acknowledged.push(place.id);
  });
  // Many turns of the event loop and many reads, all while the lock is held: had a step waited for the lock, none would end.
  for (let i = 0; i < 40; i++) {
    await turn(1);
    expect((await storage.read.areas.all()).map(({ id }) => id)).toEqual([before.id]);
  }
  expect(acknowledged).toEqual([]);
  await foreign.release();
  await Promise.all(writes);
  expect(acknowledged).toHaveLength(40);
  expect(inFile(path).sort()).toEqual([before.id, ...acknowledged].sort());
});

it('a foreign process is killed while it holds the database: the next transaction commits', async () => {
  const { path, storage } = await started(60_000);
  const foreign = await ForeignProcess.holding(path, 'IMMEDIATE');
  const place = area();
  const write = storage.transaction((tx) => tx.areas.insert(place));
  await foreign.kill();
  await write;
  expect(inFile(path)).toEqual([place.id]);
});

it('a foreign process holds the database for longer than the limit: the transaction is refused and leaves nothing', async () => {
  const { path, storage } = await started(100);
  const foreign = await ForeignProcess.holding(path, 'IMMEDIATE');
  const [refused, waiting, later] = [area(), area(), area()];
  let runs = 0;
  const first = storage.transaction(async (tx) => {
    runs += 1;
    await tx.areas.insert(refused);
  });
  const second = storage.transaction((tx) => tx.areas.insert(waiting));
  await expect(first).rejects.toMatchObject({ code: 'storage.busy' });
  await expect(second).rejects.toMatchObject({ code: 'storage.busy' });
  expect(runs).toBe(0);
  await foreign.release();
  await storage.transaction((tx) => tx.areas.insert(later));
  expect(inFile(path)).toEqual([later.id]);
});

it('stopping does not wait for a foreign process', async () => {
  const { path, storage } = await started(600_000);
  await ForeignProcess.holding(path, 'IMMEDIATE');
  const write = storage.transaction((tx) => tx.areas.insert(area()));
  const refused = expect(write).rejects.toMatchObject({ code: 'storage.busy' });
  await storage.stop();
  await refused;
});

it('many statements in one transaction leave turns to everything else', async () => {
  const { storage } = await started(1_000);
  let turns = 0;
  let over = false;
  const count = (async () => {
    while (!over) {
      await turn(0);
      turns += 1;
    }
  })();
  await storage.transaction(async (tx) => {
    for (let i = 0; i < 300; i++) await tx.areas.insert(area());
  });
  over = true;
  await count;
  expect(turns).toBeGreaterThan(2);
});

itWith(
  ['postgresql'],
  'on PostgreSQL too, a foreign lock refuses a transaction after the limit and holds nothing else',
  async () => {
    const url = await freshPostgresDatabase();
    const storage = openStorage({ url, clock: new SystemClock(), busyLimitMs: 100 });
    await storage.start();
    onTestFinished(() => storage.stop());
    const foreign = new pg.Client({ connectionString: url });
    await foreign.connect();
    await foreign.query('BEGIN; LOCK TABLE "Area" IN EXCLUSIVE MODE');
    const [refused, later] = [area(), area()];
    const write = storage.transaction((tx) => tx.areas.insert(refused));
    expect(await storage.read.areas.all()).toEqual([]);
    await expect(write).rejects.toMatchObject({ code: 'storage.busy' });
    await foreign.query('COMMIT');
    await foreign.end();
    await storage.transaction((tx) => tx.areas.insert(later));
    expect(await storage.read.areas.all()).toEqual([later]);
  },
);

it('a transaction with less patience than the others is given up first, also behind one that waits', async () => {
  const { path, storage } = await started(60_000);
  const foreign = await ForeignProcess.holding(path, 'IMMEDIATE');
  const [patient, hasty] = [area(), area()];
  const write = storage.transaction((tx) => tx.areas.insert(patient));
  await expect(storage.transaction((tx) => tx.areas.insert(hasty), { patienceMs: 50 })).rejects.toMatchObject(
    { code: 'storage.busy' },
  );
  await foreign.release();
  await write;
  expect(inFile(path)).toEqual([patient.id]);
});

itWith(
  ['postgresql'],
  'on PostgreSQL too, a transaction may have less patience than the others',
  async () => {
    const url = await freshPostgresDatabase();
    const storage = openStorage({ url, clock: new SystemClock(), busyLimitMs: 60_000 });
    await storage.start();
    onTestFinished(() => storage.stop());
    const foreign = new pg.Client({ connectionString: url });
    await foreign.connect();
    await foreign.query('BEGIN; LOCK TABLE "Area" IN EXCLUSIVE MODE');
    const [hasty, patient] = [area(), area()];
    await expect(
      storage.transaction((tx) => tx.areas.insert(hasty), { patienceMs: 50 }),
    ).rejects.toMatchObject({ code: 'storage.busy' });
    // The next one waits as ever.
    const write = storage.transaction((tx) => tx.areas.insert(patient));
    await foreign.query('COMMIT');
    await foreign.end();
    await write;
    expect(await storage.read.areas.all()).toEqual([patient]);
  },
);
