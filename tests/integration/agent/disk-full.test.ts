import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import { signDocument, topicOf } from '#protocols';
import { ContentCache } from '../../../device-agent/cache/content-cache.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { playOrder, TestController } from './test-controller.ts';

const SPEAKER = 'spk-1';
const topic = topicOf('order', SPEAKER);

/** A file system of 1 MB of its own; false where this user may not mount. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it('on a full disk nothing planned is taken, an emergency sounds, and the journal goes on', async (context) => {
  const folder = tempDir('small');
  if (!mountSmall(folder)) context.skip('mounting a small file system needs root');
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
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
  const agent = testAgent(join(folder, 'agent'), provisioning, { cache });
  const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await ready;

  fill(join(folder, 'filler'));
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
  fill(join(folder, 'filler'));
  const again = testAgent(join(folder, 'agent'), provisioning, { cache });
  const back = controller.events.next('hello');
  await again.start();
  await back;
  const second = playOrder(content, { priority: 'emergency', window: null });
  await controller.publish(topic, await signDocument('order', second, controller.key));
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId === second.id);
  expect(again.control.open).toBe(1);
});

/** Writes until there is no room left. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let bytes = 65_536; bytes > 0; ) {
    try {
      if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes = Math.floor(bytes / 2);
    } catch {
      bytes = Math.floor(bytes / 2);
    }
  }
  closeSync(file);
}
