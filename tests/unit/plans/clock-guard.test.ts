import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type BootTime, ClockGuard } from '../../../server/domain/time/clock-guard.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const HOUR = 3_600_000;
const ADMINISTRATOR = {
  kind: 'person',
  name: 'quan-tri',
  grants: [{ role: 'administrator', areas: [] }],
} as const;

/** A machine with a clock, a database and, if the test says so, NTP. */
async function machine() {
  const folder = tempDir('clock');
  const clock = new FakeClock();
  const boots = { id: 'boot-1', since: 0, suspended: 0 };
  const boot: BootTime = {
    get bootId() {
      return boots.id;
    },
    elapsed: () => clock.monotonic() - boots.since + boots.suspended,
  };
  const ntp = { synchronised: false };
  const storage = openStorage({ url: `file:${join(folder, 'loa.db')}`, clock });
  await storage.start();
  const changes: boolean[] = [];
  const guard = async () => {
    const made = new ClockGuard({
      ...{ clock, boot, storage, witness: { synchronised: async () => ntp.synchronised } },
      onChange: (dispute) => changes.push(dispute !== null),
      onError: (error) => {
        throw error;
      },
    });
    await made.start();
    onTestFinished(() => made.stop());
    return made;
  };
  onTestFinished(() => storage.stop());
  return { clock, boots, ntp, storage, guard, changes };
}

it('believes what goes on evenly, small steps and time in suspend', async () => {
  const { clock, boots, guard } = await machine();
  const one = await guard();
  await clock.advance(30_000);
  clock.jump(59_000);
  expect(one.disputed).toBe(false);
  clock.jump(-50_000);
  expect(one.disputed).toBe(false);
  clock.jump(3 * HOUR);
  boots.suspended = 3 * HOUR;
  expect(one.disputed).toBe(false);
});

it.each([2 * HOUR, -2 * HOUR])(
  'disputes a step of %i ms at once, until the clock steps back',
  async (step) => {
    const { clock, guard, changes } = await machine();
    const one = await guard();
    clock.jump(step);
    expect(one.dispute).toMatchObject({ offMs: step });
    expect(() => one.require()).toThrow(expect.objectContaining({ code: 'schedule.clock_disputed' }));
    await clock.advance(25_000);
    await one.idle();
    expect(one.disputed).toBe(true);
    clock.jump(-step + 1_000);
    expect(one.disputed).toBe(false);
    expect(changes).toEqual([true, false]);
  },
);

it('believes NTP', async () => {
  const { clock, ntp, guard } = await machine();
  const one = await guard();
  clock.jump(2 * HOUR);
  expect(one.disputed).toBe(true);
  await one.idle();
  ntp.synchronised = true;
  await clock.advance(10_000);
  await one.idle();
  expect(one.disputed).toBe(false);
});

it('believes an administrator, and keeps the record of it', async () => {
  const { clock, storage, guard } = await machine();
  const one = await guard();
  clock.jump(2 * HOUR);
  expect(one.disputed).toBe(true);
  await storage.transaction((tx) => one.confirm(tx, ADMINISTRATOR));
  expect(one.disputed).toBe(false);
  const audit = await storage.read.audit.list(1, 10);
  expect(audit.at(-1)).toMatchObject({ action: 'clock.confirm', actor: 'quan-tri' });
});

it('knows a step while it did not run, in the same boot', async () => {
  const { clock, guard } = await machine();
  await (await guard()).stop();
  clock.jump(2 * HOUR);
  await clock.advance(60_000);
  expect((await guard()).dispute).toMatchObject({ offMs: 2 * HOUR });
});

it('keeps a dispute over a restart, and over a reboot too', async () => {
  const { clock, boots, guard } = await machine();
  const one = await guard();
  clock.jump(2 * HOUR);
  expect(one.disputed).toBe(true);
  await clock.advance(60_000);
  await one.idle();
  await one.stop();
  const two = await guard();
  expect(two.disputed).toBe(true);
  await two.stop();
  boots.id = 'boot-2';
  boots.since = clock.monotonic();
  expect((await guard()).disputed).toBe(true);
});

it('after a reboot disputes a clock that is before the last trusted minute, and no later one', async () => {
  const { clock, boots, guard } = await machine();
  const one: ClockGuard = await guard();
  await clock.advance(120_000);
  await one.idle();
  await one.stop();
  boots.id = 'boot-2';
  boots.since = clock.monotonic();
  clock.jump(-10 * HOUR);
  const two = await guard();
  expect(two.dispute).toMatchObject({ offMs: null });
  await two.stop();
  clock.jump(30 * HOUR);
  boots.id = 'boot-3';
  expect((await guard()).disputed).toBe(true);
});
