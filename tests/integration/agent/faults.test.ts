import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { foldDelivery, generateSigningKey, PENDING, type PlayOrder, signDocument, topicOf } from '#protocols';
import type { Agent, AgentOptions } from '../../../device-agent/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { testAgent } from './test-agent.ts';
import { playOrder, TestController } from './test-controller.ts';

const SPEAKER = 'spk-1';

interface Village {
  readonly controller: TestController;
  readonly agent: Agent;
  readonly folder: string;
}

async function village(change: Partial<AgentOptions> = {}): Promise<Village> {
  const controller = new TestController();
  await controller.start();
  onTestFinished(() => controller.stop());
  const folder = join(tempDir(), 'agent');
  const agent = testAgent(folder, await controller.enrol(SPEAKER, ['vn', 'tan-an']), change);
  const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await ready;
  return { controller, agent, folder };
}

async function send({ controller }: Village, order: PlayOrder): Promise<PlayOrder> {
  const answered = controller.events.next('answer', ({ answer }) => answer.orderId === order.id);
  await controller.publish(topicOf('order', SPEAKER), await signDocument('order', order, controller.key));
  expect((await answered).answer).toMatchObject({ answer: 'accepted' });
  return order;
}

/** What the journal tells of an order. An emergency may begin before all of it is here: whether that is told first is left out. */
function kinds({ controller }: Village, order: PlayOrder): string[] {
  const own = controller
    .entries(SPEAKER)
    .filter(({ orderId, kind }) => orderId === order.id && !(urgent(order) && kind === 'ready'));
  return own.map(({ kind, code }) => (code === undefined ? kind : `${kind} ${code}`));
}

function urgent({ priority }: PlayOrder): boolean {
  return priority === 'emergency';
}

it('plays without controller and broker, and accounts for it when they are back', async () => {
  const there = await village();
  const { controller, agent } = there;
  const content = controller.addContent(Buffer.alloc(5_000, 1), 300);
  const order = playOrder(content, { startsAt: Date.now() + 1_000 });
  await send(there, order);
  await controller.entry(SPEAKER, ({ kind }) => kind === 'ready');
  const gone = new Promise<void>((resolve) => agent.link.on('offline', () => resolve()));
  await controller.stop();
  await gone;
  const finished = new Promise<void>((resolve) => {
    const off = agent.journal.onChange(() => {
      if (![...agent.journal.entries()].some(({ kind }) => kind === 'finished')) return;
      off();
      resolve();
    });
  });
  await finished;
  expect(kinds(there, order)).toEqual(['ready']);
  await controller.start();
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  expect(kinds(there, order)).toEqual(['ready', 'started', 'finished']);
});

it('a controller restored from an older copy gets again what it had not', async () => {
  const there = await village();
  const { controller, agent } = there;
  await send(there, playOrder(controller.addContent(Buffer.alloc(5_000, 1), 200)));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  const before = controller.entries(SPEAKER).map(({ seq, kind }) => `${seq} ${kind}`);
  await controller.stop();
  controller.journals.clear();
  await controller.start();
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  expect(controller.entries(SPEAKER).map(({ seq, kind }) => `${seq} ${kind}`)).toEqual(before);
  expect(agent.journal.epochs).toHaveLength(1);
});

it('a cancelled broadcast stops in mid-word and does not come back', async () => {
  const there = await village();
  const { controller } = there;
  const order = await send(there, playOrder(controller.addContent(Buffer.alloc(5_000, 1), 60_000)));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'started');
  const { targets, broadcastId, expiresAt, issuedAt } = order;
  const cancel = {
    ...{ v: 1, kind: 'cancel', id: 'ord_cancel', broadcastId, revision: order.revision + 1, targets },
    ...{ requires: [], issuedAt, expiresAt, reason: 'Sai nội dung', by: 'can-bo' },
  };
  await controller.publish(topicOf('order', SPEAKER), await signDocument('order', cancel, controller.key));
  const entry = await controller.entry(SPEAKER, ({ kind }) => kind === 'cancelled');
  expect(entry).toMatchObject({
    play: 1,
    code: 'order.cancelled',
    detail: 'Sai nội dung',
    orderId: order.id,
  });
  expect(entry.toMs).toBeLessThan(60_000);
  const late = { ...playOrder(order.content), broadcastId, revision: order.revision };
  await controller.publish(topicOf('order', SPEAKER), await signDocument('order', late, controller.key));
  const refused = await controller.entry(SPEAKER, ({ kind }) => kind === 'refused');
  expect(refused.code).toBe('order.cancelled');
});

it('an emergency pre-empts, and what it interrupted goes on', async () => {
  const there = await village();
  const { controller } = there;
  const normal = await send(there, playOrder(controller.addContent(Buffer.alloc(5_000, 1), 2_500)));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'started');
  const alarm = playOrder(controller.addContent(Buffer.alloc(4_000, 2), 400), {
    priority: 'emergency',
    window: null,
  });
  await send(there, alarm);
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId === normal.id);
  expect(kinds(there, alarm)).toEqual(['started', 'finished']);
  expect(kinds(there, normal)).toEqual([
    ...['ready', 'started', 'interrupted order.preempted', 'started', 'finished'],
  ]);
  const entries = controller.entries(SPEAKER).filter(({ orderId }) => orderId === normal.id);
  expect(entries.reduce(foldDelivery, PENDING)).toMatchObject({ state: 'finished', flags: [] });
  expect(entries.at(-1)).toMatchObject({ play: 2, toMs: 2_500 });
});

it('a damaged file in the cache is fetched again, and only the right one sounds', async () => {
  const there = await village();
  const { controller, folder } = there;
  const hold = { by: 'ky-thuat', reason: 'kiểm tra', until: null };
  const muted = await controller.assignment(SPEAKER, { mute: hold });
  await controller.publish(topicOf('assignment', SPEAKER), muted);
  const order = await send(there, playOrder(controller.addContent(Buffer.alloc(5_000, 1), 300)));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'ready');
  const cache = join(folder, 'cache');
  const [file = ''] = await readdir(cache);
  await writeFile(join(cache, file), Buffer.alloc(5_000, 9));
  const again = controller.events.next('content');
  const free = await controller.assignment(SPEAKER, { revision: Date.now() + 1_000 });
  await controller.publish(topicOf('assignment', SPEAKER), free);
  expect((await again).range).toBeUndefined();
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  expect(kinds(there, order)).toEqual(['ready', 'started', 'finished']);
});

it('no room for the content is told as a failure, and health says so', async () => {
  const there = await village({ cacheBytes: 10_000 });
  const { controller } = there;
  const startsAt = Date.now();
  const content = controller.addContent(Buffer.alloc(50_000, 1), 300);
  const degraded = controller.events.next('health', ({ health }) =>
    health.problems.includes('cache.disk_full'),
  );
  const order = await send(there, playOrder(content, { startsAt, latestStartAt: startsAt + 3_000 }));
  // A connection is followed by a report within seconds.
  await controller.stop();
  await controller.start();
  await degraded;
  await controller.entry(SPEAKER, ({ kind }) => kind === 'failed');
  expect(kinds(there, order)).toEqual(['failed cache.disk_full']);
});

it('content that is not what was signed never sounds', async () => {
  const there = await village();
  const { controller } = there;
  controller.spoilContent = true;
  const startsAt = Date.now();
  const content = controller.addContent(Buffer.alloc(5_000, 1), 300);
  const order = await send(there, playOrder(content, { startsAt, latestStartAt: startsAt + 1_000 }));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'failed');
  expect(kinds(there, order)).toEqual(['failed cache.hash_mismatch']);
});

it('content that does not come in time is told as missed', async () => {
  const there = await village();
  const { controller } = there;
  const startsAt = Date.now();
  const content = { ...controller.addContent(Buffer.alloc(5_000, 1), 300), path: '/nowhere' };
  const order = await send(there, playOrder(content, { startsAt, latestStartAt: startsAt + 1_000 }));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'missed');
  expect(kinds(there, order)).toEqual(['missed cache.unreachable']);
});

it('an emergency sounds on a muted loudspeaker, what is planned does not, and under maintenance nothing does', async () => {
  const there = await village();
  const { controller } = there;
  const hold = { by: 'can-bo', reason: 'đám tang', until: null };
  await controller.publish(
    topicOf('assignment', SPEAKER),
    await controller.assignment(SPEAKER, { mute: hold, revision: Date.now() + 1_000 }),
  );
  const content = controller.addContent(Buffer.alloc(5_000, 1), 300);
  const startsAt = Date.now();
  const planned = await send(there, playOrder(content, { startsAt, latestStartAt: startsAt + 1_500 }));
  const alarm = await send(there, playOrder(content, { priority: 'emergency', window: null }));
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'missed' && orderId === planned.id);
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId === alarm.id);
  expect(kinds(there, alarm)).toEqual(['started', 'finished']);
  expect(kinds(there, planned)).toEqual(['ready', 'missed order.muted']);

  await controller.publish(
    topicOf('assignment', SPEAKER),
    await controller.assignment(SPEAKER, { maintenance: hold, revision: Date.now() + 2_000 }),
  );
  const at = Date.now();
  const second = playOrder(content, {
    ...{ priority: 'emergency', window: null, startsAt: at, latestStartAt: at + 500 },
  });
  await send(there, second);
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'missed' && orderId === second.id);
  expect(kinds(there, second)).toEqual(['missed order.maintenance']);
});

it('an emergency does not wait for a journal that takes nothing', async () => {
  const there = await village();
  const { controller, agent } = there;
  const content = controller.addContent(Buffer.alloc(5_000, 1), 300);
  const real = agent.journal.append.bind(agent.journal);
  let refusing = true;
  agent.journal.append = (fact) =>
    refusing && fact.kind === 'ready' ? Promise.reject(new Error('refused')) : real(fact);
  const planned = await send(there, playOrder(content));
  const sounds = controller.events.next('progress', ({ progress: { phase } }) => phase === 'playing');
  const alarm = await send(there, playOrder(content, { priority: 'emergency', window: null }));
  expect((await sounds).progress.broadcastId).toBe(alarm.broadcastId);
  refusing = false;
  await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId === planned.id);
  expect(kinds(there, alarm)).toEqual(['started', 'finished']);
  expect(kinds(there, planned)).toEqual(['ready', 'started', 'finished']);
});

it('a key that was taken out of force lets nothing sound that was accepted before', async () => {
  const there = await village();
  const { controller, agent } = there;
  const content = controller.addContent(Buffer.alloc(5_000, 1), 300);
  const order = await send(there, playOrder(content, { startsAt: Date.now() + 6_500 }));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'ready');
  controller.key = generateSigningKey();
  await controller.addStatement([controller.key]);
  expect(await agent.link.updateKeys()).toBe(1);
  await controller.entry(SPEAKER, ({ kind }) => kind === 'failed');
  expect(kinds(there, order)).toEqual(['ready', 'failed document.unsigned']);
});

it('an assignment that comes twice at once brings one more hello, and its areas are listened to', async () => {
  const there = await village();
  const { controller } = there;
  let hellos = 0;
  controller.events.on('hello', () => {
    hellos += 1;
  });
  const moved = await controller.assignment(SPEAKER, {
    ...{ areas: ['vn', 'hoa-binh'], revision: Date.now() + 1_000 },
  });
  const greeted = controller.events.next('hello');
  await Promise.all([1, 2, 3].map(() => controller.publish(topicOf('assignment', SPEAKER), moved)));
  await greeted;
  const order = playOrder(controller.addContent(Buffer.alloc(5_000, 1), 200), {
    targets: { areas: ['hoa-binh'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  });
  await controller.publish(
    topicOf('areaOrder', 'hoa-binh'),
    await signDocument('order', order, controller.key),
  );
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  expect(hellos).toBe(1);
});

it('an order right behind the assignment that it needs is judged by that one, though its key has to be asked for', async () => {
  const there = await village();
  const { controller } = there;
  const before = controller.key;
  controller.key = generateSigningKey();
  await controller.addStatement([before, controller.key]);
  const areas = ['vn', 'hoa-binh'];
  const moved = await controller.assignment(SPEAKER, { areas, revision: Date.now() + 1_000 });
  controller.key = before;
  const order = playOrder(controller.addContent(Buffer.alloc(5_000, 1), 200), {
    targets: { areas: ['hoa-binh'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  });
  const answered = controller.events.next('answer', ({ answer }) => answer.orderId === order.id);
  await Promise.all([controller.publish(topicOf('assignment', SPEAKER), moved), send(there, order)]);
  expect((await answered).answer).toMatchObject({ answer: 'accepted' });
});
