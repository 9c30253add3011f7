import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { DomainError } from '#protocols';
import type { ReadinessReport } from '../../../server/http/readiness.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { COMMUNE, startController } from './support.ts';

const DAY_MS = 24 * 3_600_000;

it('is ready before it has made up what it missed, says so, and folds no receipt before', {
  timeout: 60_000,
}, async () => {
  let aheadMs = 0;
  const clock = new SystemClock();
  const [now, monotonic] = [clock.now.bind(clock), clock.monotonic.bind(clock)];
  clock.now = () => now() + aheadMs;
  clock.monotonic = () => monotonic() + aheadMs;
  const controller = await startController({ clock });
  await controller.speaker('loa-1', 'ap-1');
  const { id } = await controller.approved();
  const made = await controller.post<{ id: string }>('editor', 'schedules', {
    areaId: COMMUNE,
    content: { kind: 'announcement', announcementId: id },
    targets: { areas: [COMMUNE] },
    recurrence: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['00:30', '06:30', '12:30', '18:30'] },
  });
  expect(made.status).toBe(201);
  await controller.context.planSide.compiler.compiled();
  await controller.stop();

  aheadMs = DAY_MS;
  // Somebody else holds the database, from the first compilation on.
  let held = false;
  const url = `file:${join(controller.folder, 'data', 'loa.db')}`;
  const storage = openStorage({ url, clock });
  const { plans } = storage.read;
  const heads = plans.heads.bind(plans);
  plans.heads = () => {
    held = true;
    return heads();
  };
  const transaction = storage.transaction.bind(storage);
  storage.transaction = (work, limits) =>
    held ? Promise.reject(new DomainError('storage.busy')) : transaction(work, limits);
  await controller.start({ clock, storage });
  const { journal } = controller.context.speakerSide;
  const readiness = async () => (await controller.get<ReadinessReport>('nobody', '/readyz')).body;
  expect((await readiness()).checks['plan']).toMatchObject({
    ok: true,
    detail: expect.stringContaining('receipts wait'),
  });
  expect(journal.running).toBe(false);
  held = false;
  await expect.poll(() => journal.running, { timeout: 30_000 }).toBe(true);
  const broadcasts = await storage.read.broadcasts.list({ areaIds: [COMMUNE], limit: 100 });
  expect(broadcasts.filter(({ scheduleId }) => scheduleId === made.body.id).length).toBeGreaterThanOrEqual(4);
  expect((await readiness()).checks['plan']).toEqual({ ok: true, detail: 'compiled' });
});
