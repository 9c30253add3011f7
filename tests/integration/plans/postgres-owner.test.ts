import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { ownedPublisher } from '../../../server/context/owned-publisher.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { describeWith } from '../../helpers/requirements.ts';

/** "loa" in ASCII. */
const LOCK = 0x6c6f61;

describeWith(['postgresql'], 'the owner of a PostgreSQL database', () => {
  it('writes and publishes nothing from the moment its connection is lost until it owns the database again', async () => {
    const url = await freshPostgresDatabase();
    const clock = new FakeClock();
    const storage = openStorage({ url, clock, busyLimitMs: 2_000 });
    await storage.start();
    onTestFinished(() => storage.stop());
    const published: string[] = [];
    const publisher = ownedPublisher(
      { connected: true, publish: async (name) => void published.push(name) },
      () => storage.owned,
    );
    expect([storage.owned, publisher.connected]).toEqual([true, true]);

    // Another controller, which waits for the database to be let go.
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    onTestFinished(() => other.end());
    const taken = other.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    onTestFinished(() => killer.end());
    await killer.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = $1`,
      [LOCK],
    );
    await taken;
    await clock.whenPending('database: owner');
    await expect.poll(() => storage.owned).toBe(false);

    await expect(publisher.publish('areaPlan', 'x', '')).rejects.toMatchObject({
      code: 'message.disconnected',
    });
    await publisher.publish('areaLatch', 'x', '');
    expect(published).toEqual(['areaLatch']);
    await expect(storage.ping()).rejects.toThrow('not owned');
    const write = storage.transaction((tx) => tx.settings.put('a', 'b', 1));
    const refused = expect(write).rejects.toMatchObject({ code: 'storage.busy' });
    await clock.advance(3_000);
    await refused;

    await other.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return storage.owned;
      })
      .toBe(true);
    await storage.transaction((tx) => tx.settings.put('a', 'b', 1));
    expect(await storage.read.settings.get('a')).toBe('b');
  });

  it('does not take up its work again after another controller has worked there', async () => {
    const url = await freshPostgresDatabase();
    const clock = new FakeClock();
    const first = openStorage({ url, clock });
    await first.start();
    onTestFinished(() => first.stop());
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    onTestFinished(() => other.end());
    const { rows } = await other.query(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = $1`,
      [LOCK],
    );
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    onTestFinished(() => killer.end());
    const taken = other.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await killer.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await taken;
    await expect.poll(() => first.owned).toBe(false);
    await other.query(`UPDATE "Setting" SET "value" = 'another' WHERE "name" = 'storage.owner'`);
    await other.query('SELECT pg_advisory_unlock($1)', [LOCK]);
    await clock.whenPending('database: owner');
    await clock.advanceToNextTimer();
    await clock.whenPending('database: owner');
    expect(first.owned).toBe(false);
  });
});
