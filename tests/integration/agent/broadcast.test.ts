import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { countsAsPlayed, foldDelivery, PENDING, signDocument, topicOf } from '#protocols';
import { jsonLog } from '../../../device-agent/log.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { playOrder, TestController } from './test-controller.ts';

let controller: TestController;

beforeEach(async () => {
  controller = new TestController();
  await controller.start();
  onTestFinished(() => controller.stop());
});

it('an order is accepted, fetched, played and accounted for', async () => {
  const provisioning = await controller.enrol('spk-1', ['vn', 'tan-an']);
  const seen: string[] = [];
  const log = jsonLog('debug', (line) => process.env['LOA_TEST_LOG'] && process.stderr.write(line), Date.now);
  const agent = testAgent(join(tempDir(), 'agent'), provisioning, {
    log,
    onProgress: ({ phase }) => seen.push(phase),
  });
  const areasKnown = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await areasKnown;

  const order = playOrder(controller.addContent(Buffer.alloc(50_000, 1), 700));
  const answered = controller.events.next('answer');
  await controller.publish(
    topicOf('areaOrder', 'tan-an'),
    await signDocument('order', order, controller.key),
  );
  expect((await answered).answer).toMatchObject({ orderId: order.id, answer: 'accepted' });
  await controller.entry('spk-1', ({ kind }) => kind === 'finished');

  const entries = controller.entries('spk-1').filter(({ orderId }) => orderId === order.id);
  expect(entries.map(({ kind }) => kind)).toEqual(['ready', 'started', 'finished']);
  expect(entries.at(-1)).toMatchObject({ play: 1, fromMs: 0, toMs: 700, output: 'null', evidence: 'none' });
  expect(entries[1]?.clockErrorMs).toBeTypeOf('number');
  const view = entries.reduce(foldDelivery, PENDING);
  expect(view).toMatchObject({ state: 'finished', flags: [] });
  // Nothing could be heard: a null output proves nothing.
  expect(countsAsPlayed(view)).toBe(false);
  expect(new Set(seen)).toEqual(new Set(['downloading', 'ready', 'playing']));
});
