import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { generateSigningKey, type PlayOrder, signDocument, topicOf } from '#protocols';
import type { Agent } from '../../../device-agent/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { playOrder, TestController } from './test-controller.ts';

const SPEAKER = 'spk-1';

async function online(): Promise<{ controller: TestController; agent: Agent }> {
  const controller = new TestController();
  await controller.start();
  onTestFinished(() => controller.stop());
  const agent = testAgent(join(tempDir(), 'agent'), await controller.enrol(SPEAKER, ['vn', 'tan-an']));
  const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await ready;
  return { controller, agent };
}

const own = topicOf('order', SPEAKER);
const never = new Promise<void>(() => undefined);

it('refuses what is wrong with a code, answers once for each copy, and plays on', async () => {
  const { controller, agent } = await online();
  // Content never comes: nothing is played while this test looks at answers.
  controller.contentGate = never;
  const content = controller.addContent(Buffer.alloc(5_000, 1), 60_000);
  const now = Date.now();
  const broken: [string, object, string][] = [
    ['expired', { expiresAt: now - 1 }, 'order.expired'],
    ['elsewhere', { targets: target(['hoa-binh']) }, 'order.not_for_us'],
    ['capability', { requires: ['content:live'] }, 'order.unsupported'],
    ['content', { content: { kind: 'live' } }, 'order.unsupported'],
    ['kind', { kind: 'dance' }, 'document.unknown_kind'],
    ['version', { v: 2 }, 'document.unknown_version'],
    ['shape', { startsAt: 'soon' }, 'document.malformed'],
    ['window', { window: { opensAt: now + 3_600_000, closesAt: now + 7_200_000 } }, 'order.outside_window'],
    ['no window', { window: null }, 'order.outside_window'],
  ];
  for (const [name, change, code] of broken) {
    const order = { ...playOrder(content), ...change } as PlayOrder;
    const document = await signDocument('order', order, controller.key);
    for (const copy of [1, 2]) {
      const answered = controller.events.next('answer', ({ answer }) => answer.orderId === order.id);
      await controller.publish(own, document);
      const { answer } = await answered;
      expect([name, copy, answer.answer, answer.code]).toEqual([name, copy, 'refused', code]);
    }
    await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'refused' && orderId === order.id);
  }
  const refused = controller.entries(SPEAKER).filter(({ kind }) => kind === 'refused');
  expect(refused.map(({ code }) => code)).toEqual(broken.map(([, , code]) => code));

  // Bad signatures and noise cannot be attributed: counted, not answered, never a crash.
  const stranger = await signDocument('order', playOrder(content), generateSigningKey());
  const good = await signDocument('order', playOrder(content), controller.key);
  const answersBefore = controller.answers.length;
  for (const noise of [stranger, tampered(good), 'noise', 'x'.repeat(65_300), ''])
    await controller.publish(own, noise);
  const fine = playOrder(content);
  const accepted = controller.events.next('answer');
  await controller.publish(own, await signDocument('order', fine, controller.key));
  expect((await accepted).answer).toMatchObject({ orderId: fine.id, answer: 'accepted' });
  expect(controller.answers.length).toBe(answersBefore + 1);
  expect(Object.fromEntries(agent.inbox.counters.refused)).toMatchObject({
    'document.unsigned': 1,
    'document.bad_signature': 1,
    'document.malformed': 3,
    'document.too_large': 1,
  });

  // The same bytes again: the same answer; the same id in other bytes: refused.
  const again = controller.events.next('answer');
  await controller.publish(own, await signDocument('order', fine, controller.key));
  expect((await again).answer).toMatchObject({ orderId: fine.id, answer: 'accepted' });
  const changed = controller.events.next('answer');
  await controller.publish(own, await signDocument('order', { ...fine, title: 'Khác' }, controller.key));
  expect((await changed).answer).toMatchObject({ answer: 'refused', code: 'order.replayed' });
  expect(agent.control.open).toBe(1);
});

it('follows a key rotation without a new connection', async () => {
  const { controller } = await online();
  controller.contentGate = never;
  controller.key = generateSigningKey();
  await controller.addStatement([controller.key]);
  const order = playOrder(controller.addContent(Buffer.alloc(5_000, 1), 60_000));
  const answered = controller.events.next('answer');
  await controller.publish(own, await signDocument('order', order, controller.key));
  expect((await answered).answer.answer).toBe('accepted');
});

function target(areas: string[]): PlayOrder['targets'] {
  return { areas, speakers: [], excludeAreas: [], excludeSpeakers: [] };
}

function tampered(document: string): string {
  const [header, payload, signature = ''] = document.split('.');
  const other = signature.startsWith('A') ? 'B' : 'A';
  return `${header}.${payload}.${other}${signature.slice(1)}`;
}
