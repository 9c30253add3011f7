import { existsSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import { SystemClock } from '#kit';
import { signDocument, topicOf } from '#protocols';
import { ContentCache } from '../../../device-agent/cache/content-cache.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { fillDisk, mountSmall, unmount } from '../../helpers/small-disk.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { dayOf, playOrder, TestController } from './test-controller.ts';
import { AREA } from './village.ts';

const SPEAKER = 'spk-1';
const topic = topicOf('order', SPEAKER);

/** A controller, and a disk of 1 MB for a loudspeaker whose cache lies elsewhere. All of it ends with the test. */
async function smallDisk(context: TestContext) {
  const folder = tempDir('small');
  if (!mountSmall(folder, '1m')) context.skip('mounting a small file system needs root');
  onTestFinished(() => unmount(folder));
  const controller = new TestController();
  await controller.start();
  onTestFinished(() => controller.stop());
  const cache = new ContentCache({
    ...{ folder: tempDir('cache'), clock: new SystemClock(), log: silentLog },
    budgetBytes: 1_000_000,
  });
  await cache.start();
  onTestFinished(() => cache.stop());
  const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
  return { folder, controller, cache, provisioning };
}

it('on a full disk nothing planned is taken, an emergency sounds, and the journal goes on', async (context) => {
  const { folder, controller, cache, provisioning } = await smallDisk(context);
  const agent = testAgent(join(folder, 'agent'), provisioning, { cache });
  const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await ready;

  fillDisk(join(folder, 'filler'));
  const content = controller.addContent(Buffer.alloc(5_000, 1), 300);
  const planned = await signDocument('order', playOrder(content), controller.key);
  await controller.publish(topic, planned);
  const alarm = playOrder(content, { priority: 'emergency', window: null });
  await controller.publish(topic, await signDocument('order', alarm, controller.key));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  expect(controller.answers.map(({ orderId }) => orderId)).toEqual([alarm.id]);

  rmSync(join(folder, 'filler'));
  const accepted = controller.events.next('answer');
  await controller.publish(topic, planned);
  expect((await accepted).answer.answer).toBe('accepted');
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId !== alarm.id);

  // Restarted without any room, with an order open and no spare file for the journal: it connects, and sounds.
  const open = playOrder(content, { startsAt: Date.now() + 3_600_000 });
  const taken = controller.events.next('answer', ({ answer }) => answer.orderId === open.id);
  await controller.publish(topic, await signDocument('order', open, controller.key));
  await taken;
  await agent.stop();
  rmSync(join(folder, 'agent', 'journal', 'spare'), { force: true });
  fillDisk(join(folder, 'filler'));
  const again = testAgent(join(folder, 'agent'), provisioning, { cache });
  const back = controller.events.next('hello');
  await again.start();
  await back;
  const second = playOrder(content, { priority: 'emergency', window: null });
  await controller.publish(topic, await signDocument('order', second, controller.key));
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId === second.id);
  expect(again.control.open).toBe(1);
});

it('on a full disk a latch stops, a plan and a cancel hold, and all of it is on the disk once there is room', async (context) => {
  const { folder, controller, cache, provisioning } = await smallDisk(context);
  const agent = testAgent(join(folder, 'agent'), provisioning, { cache, random: () => 0 });
  const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await ready;
  const content = controller.addContent(Buffer.alloc(5_000, 1), 60_000);
  const sounding = playOrder(content, { afterInterruption: 'drop' });
  const waiting = playOrder(content, { startsAt: Date.now() + 3_600_000 });
  for (const order of [sounding, waiting])
    await controller.publish(topic, await signDocument('order', order, controller.key));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'started');
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'ready' && orderId === waiting.id);

  // What is still being written would leave its room behind.
  await diskIdle();
  fillDisk(join(folder, 'filler'));
  const stopped = controller.entry(SPEAKER, ({ kind }) => kind === 'interrupted');
  await controller.publish(topicOf('areaLatch', AREA.id), await controller.latch('lat-1', AREA));
  expect((await stopped).code).toBe('order.latched');
  const slot = playOrder(content, { startsAt: Date.now() + 7_200_000 });
  const inForce = new Promise<void>((resolve) => {
    agent.plan.onChange(() => (agent.plan.slots.length === 1 ? resolve() : undefined));
  });
  const head = await controller.plan(AREA, { [dayOf(slot.startsAt)]: [slot] });
  await controller.publish(topicOf('areaPlan', AREA.id), head);
  await inForce;
  const { targets, broadcastId, issuedAt, expiresAt, revision } = waiting;
  const cancel = {
    ...{ v: 1, kind: 'cancel', id: 'ord_cancel', broadcastId, revision, targets, requires: [] },
    ...{ issuedAt, expiresAt, reason: 'Sai nội dung', by: 'can-bo' },
  };
  await controller.publish(topic, await signDocument('order', cancel, controller.key));
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'cancelled' && orderId === waiting.id);
  const files = ['latches.json', 'plan/area.tan-an.in-force.jws', 'orders/ord_cancel.json'].map((name) =>
    join(folder, 'agent', name),
  );
  expect(files.filter((path) => existsSync(path))).toEqual([]);

  rmSync(join(folder, 'filler'));
  await Promise.all(files.map(there));
  // The power goes, and the network: what was wanted on the full disk holds.
  await agent.stop();
  await controller.stop();
  const again = testAgent(join(folder, 'agent'), provisioning, { cache });
  await again.start();
  expect(again.latches.set).toEqual(['lat-1']);
  expect(again.plan.slots.map(({ order }) => order.id)).toEqual([slot.id]);
  expect(again.orders.byId('ord_cancel')?.kind).toBe('cancel');
  expect([...again.control.items].map(({ id }) => id)).not.toContain(waiting.id);
});

/** Resolves when the file is there. */
async function there(path: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = () => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(join(path, '..'), look);
    look();
  });
}
