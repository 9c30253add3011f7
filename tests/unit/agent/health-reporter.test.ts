import { expect, it, onTestFinished } from 'vitest';
import { type Health, type HealthReport, joinHealth } from '#protocols';
import { HealthReporter, REPORT_EVERY_MS } from '../../../device-agent/health/health-reporter.ts';
import { roundedHealth } from '../../../device-agent/health/rounding.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { healthOf } from '../../bench/load/background.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

/** A reporter whose reports are kept; `fail` makes the next one end unacknowledged. */
async function reporter() {
  const clock = new FakeClock();
  const sent: HealthReport[] = [];
  const state: { fail: boolean; health: Partial<Health> } = { fail: false, health: {} };
  const reports = new HealthReporter({
    clock,
    log: silentLog,
    collect: async () => ({
      ...(healthOf('spk-1') as Health),
      at: clock.now(),
      uptimeSeconds: Math.round(clock.monotonic() / 1000),
      ...state.health,
    }),
    send: async (report) => {
      sent.push(report);
      if (!state.fail) return;
      state.fail = false;
      throw new Error('the connection is gone');
    },
  });
  await reports.start();
  onTestFinished(() => reports.stop());
  reports.connected();
  await clock.advance(1);
  return { clock, sent, state, reports };
}

/** Names of what a report tells beside its head. */
const told = (report: HealthReport | undefined) =>
  Object.keys(report ?? {}).filter((name) => !['v', 'sessionEpoch', 'at'].includes(name));

it('says everything once an hour, and between only what is new', async () => {
  const { clock, sent, state } = await reporter();
  expect(told(sent[0])).toHaveLength(14);
  await clock.advance(REPORT_EVERY_MS);
  expect(told(sent[1])).toEqual([]);
  state.health = { load1: 1.5 };
  await clock.advance(REPORT_EVERY_MS);
  expect(told(sent[2])).toEqual(['load1']);
  await clock.advance(11 * REPORT_EVERY_MS);
  expect(sent.map((report) => told(report).length)).toEqual([14, 0, 1, ...Array(10).fill(0), 14]);
  let known: Health | undefined;
  for (const report of sent.slice(0, 13)) known = joinHealth(known, report);
  expect(known).toMatchObject({ load1: 1.5, uptimeSeconds: 12 * (REPORT_EVERY_MS / 1000), problems: [] });
});

it('says everything on each connection and after a report that was not acknowledged', async () => {
  const { clock, sent, state, reports } = await reporter();
  reports.connected();
  await clock.advance(1);
  expect(told(sent[1])).toHaveLength(14);
  state.fail = true;
  await clock.advance(REPORT_EVERY_MS);
  expect(told(sent[2])).toEqual([]);
  await clock.advance(REPORT_EVERY_MS);
  expect(told(sent[3])).toHaveLength(14);
});

it('goes on saying what is weighty and has changed, for the broker may have lost it', async () => {
  const { clock, sent, state } = await reporter();
  state.health = { problems: ['cache.disk_full'] };
  await clock.advance(REPORT_EVERY_MS);
  state.health = {};
  await clock.advance(2 * REPORT_EVERY_MS);
  expect(sent.slice(1).map(told)).toEqual(Array(3).fill(['problems']));
  expect(sent.slice(1).map(({ problems }) => problems)).toEqual([['cache.disk_full'], [], []]);
  await clock.advance(11 * REPORT_EVERY_MS);
  expect(told(sent.at(-1))).toEqual([]);
});

it('sends nothing that only trembles', () => {
  const health = healthOf('spk-1') as Health;
  const at = (freeBytes: number, load1: number, boundMs: number) =>
    roundedHealth({
      ...health,
      load1,
      memory: { totalBytes: 512_000_000, freeBytes },
      clock: { trust: 'trusted', offsetMs: -0.2, boundMs },
    });
  expect(at(311_111_111, 0.11, 34.1)).toEqual(at(312_222_222, 0.13, 33.9));
  expect(at(311_111_111, 0.11, 34.1)).toMatchObject({
    load1: 0.1,
    memory: { totalBytes: 512_000_000, freeBytes: 310_000_000 },
    clock: { offsetMs: 0, boundMs: 34 },
  });
});
