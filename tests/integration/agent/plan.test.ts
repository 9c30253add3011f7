import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  foldDelivery,
  heldHash,
  PENDING,
  type PlayOrder,
  sha256,
  signDocument,
  slotLine,
  topicOf,
} from '#protocols';
import { AREA, SPEAKER, Village } from './village.ts';

it('plays its plan on time with the controller gone, and accounts for it when it is back', async () => {
  const village = await Village.open();
  const { controller, agent } = village;
  const asked = controller.events.next('planDocument');
  const slot = village.slot(1_200);
  const far = village.slot(5 * 24 * 3_600_000);
  const told = controller.events.next('health', ({ health }) => health.held !== heldHash([]));
  const head = await village.plan([slot, far]);
  expect((await asked).authorization).toMatch(/^Basic /);
  const held = [{ kind: 'plan' as const, scope: AREA, hash: sha256(head) }];
  expect((await told).health.held).toBe(heldHash(held));
  await village.told('ready', slot);
  const gone = new Promise<void>((resolve) => agent.link.on('offline', () => resolve()));
  await controller.stop();
  await gone;
  await village.told('finished', slot);
  await controller.start();
  await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
  const entries = controller.entries(SPEAKER).filter(({ orderId }) => orderId === slot.id);
  expect(entries.map(({ kind }) => kind)).toEqual(['ready', 'started', 'finished']);
  expect(entries[1]).toMatchObject({ plannedAt: slot.startsAt, orderHash: slotLine(slot).hash });
  expect(entries.reduce(foldDelivery, PENDING)).toMatchObject({ state: 'finished', flags: [] });
  // Days ahead nothing is told of, and no answer was given: nobody ordered anything.
  expect(village.kinds(far)).toEqual([]);
  expect(controller.answers).toEqual([]);
});

it('survives a power cut before the slot, and plays it once', async () => {
  const village = await Village.open();
  const slot = village.slot(2_000);
  await village.plan([slot]);
  await village.told('ready', slot);
  await village.powerCut();
  const hello = await village.powerBack();
  expect(hello.held).toMatchObject([{ kind: 'plan', scope: AREA }]);
  await village.told('finished', slot);
  await village.powerCut();
  await village.powerBack();
  expect(village.kinds(slot)).toEqual(['ready', 'started', 'finished']);
  expect(village.agent.control.open).toBe(0);
});

it('a slot that is taken out of the plan does not sound, and stops if it sounds', async () => {
  const village = await Village.open();
  const [first, second] = [village.slot(0, { content: village.content(60_000) }), village.slot(60_000)];
  await village.plan([first, second]);
  await village.told('started', first);
  await village.told('ready', second);
  await village.plan([], { revision: Date.now() + 1 });
  const stopped = await village.told('cancelled', first);
  expect(stopped).toMatchObject({ code: 'plan.withdrawn', play: 1 });
  await village.told('cancelled', second);
  expect(village.kinds(second)).toEqual(['ready', 'cancelled plan.withdrawn']);
  // It comes again under the same text: nothing of it was heard, so it is new.
  await village.plan([second], { revision: Date.now() + 2 });
  await village.controller.entry(SPEAKER, ({ kind }) => kind === 'cancelled');
  expect(village.agent.control.open).toBeLessThanOrEqual(1);
});

it('a day that a newer head does not name is taken back at once; the rest goes on until its documents are here', async () => {
  const village = await Village.open();
  const { controller } = village;
  const [today, tomorrow] = [village.slot(3_600_000), village.slot(27 * 3_600_000)];
  await village.plan([today, tomorrow]);
  const renewed = { ...tomorrow, title: 'Khác', revision: tomorrow.revision + 1 };
  await village.plan([renewed], { revision: Date.now() + 1, hidden: true });
  // The old words of tomorrow hold on, today has gone.
  await village.planInForce([tomorrow]);
  expect(village.agent.plan.slots[0]?.order.title).toBe(tomorrow.title);
  expect(village.agent.plan.troubles.concat('cache.unreachable')).toContain('cache.unreachable');
  // That holds after a power cut too.
  await village.powerCut();
  await village.powerBack();
  await village.planInForce([tomorrow]);
  const changed = new Promise<void>((resolve) => {
    const off = village.agent.plan.onChange(() => {
      if (village.agent.plan.slots[0]?.order.title !== 'Khác') return;
      off();
      resolve();
    });
  });
  await controller.plan(AREA, { [dayIn(renewed)]: [renewed] });
  village.agent.plan.retryNow();
  await changed;
  expect(village.agent.plan.troubles).toEqual([]);
});

it('a head that comes late tells once what it came too late for; an older head and a foreign one change nothing', async () => {
  const village = await Village.open();
  const { controller, agent } = village;
  const startsAt = Date.now() - 1_200_000;
  const late = village.slot(0, { startsAt, latestStartAt: startsAt + 600_000 });
  const over = village.slot(0, { startsAt: startsAt - 9 * 3_600_000 });
  const bad = village.slot(3_600_000, { requires: ['hologram'] });
  await village.plan([over, late, bad]);
  await village.told('missed', late);
  await village.told('refused', bad);
  await village.plan([over, late, bad], { revision: Date.now() + 1 });
  await village.powerCut();
  await village.powerBack();
  expect(village.kinds(late)).toEqual(['missed order.too_late']);
  expect(village.kinds(bad)).toEqual(['refused order.unsupported']);
  expect(village.kinds(over)).toEqual([]);
  const { plan } = village.agent;
  const before = plan.held();
  const old = await controller.plan(AREA, {}, { revision: 1 });
  const foreign = await controller.plan({ kind: 'area', id: 'hoa-binh' }, {});
  for (const head of [old, foreign, 'noise']) await plan.receive(Buffer.from(head));
  expect(plan.held()).toEqual(before);
  expect(plan.counters).toMatchObject({ foreign: 1, refused: 2 });
  expect(agent.plan.counters).toMatchObject({ taken: 2 });
});

it('a personal cancel before the plan keeps its slot silent, and one after it takes it back', async () => {
  const village = await Village.open();
  const { controller } = village;
  const [before, after] = [village.slot(3_600_000), village.slot(3_600_000)];
  await cancel(village, before);
  await controller.entry(SPEAKER, ({ kind }) => kind === 'cancelled');
  await village.plan([before, after]);
  await village.told('ready', after);
  await cancel(village, after);
  await village.told('cancelled', after);
  expect(village.kinds(before)).toEqual([]);
  expect(village.kinds(after)).toEqual(['ready', 'cancelled order.cancelled']);
  expect(village.agent.control.open).toBe(0);
});

it('a slot that was cancelled and then planned again under a higher revision plays, over a power cut too', async () => {
  const village = await Village.open();
  const slot = village.slot(3_600_000);
  await village.plan([slot]);
  await village.told('ready', slot);
  await cancel(village, slot);
  await village.told('cancelled', slot);
  // Planned again under the same revision it stays silent.
  const same = { ...slot, title: 'Khác' };
  await village.plan([same], { revision: Date.now() + 1 });
  await village.powerCut();
  await village.powerBack();
  expect(village.agent.control.open).toBe(0);
  const startsAt = Date.now() + 500;
  const live = village.slot(0, {
    ...slot,
    startsAt,
    latestStartAt: startsAt + 60_000,
    revision: slot.revision + 1,
  });
  await village.plan([live], { revision: Date.now() + 2 });
  await village.told('finished', live);
  expect(village.kinds(slot)).toEqual(['ready', 'cancelled order.cancelled', 'ready', 'started', 'finished']);
});

it('an expired plan is silent, and says so', async () => {
  const village = await Village.open();
  const startsAt = Date.now() + 700;
  const slot = village.slot(0, { startsAt, latestStartAt: startsAt + 300 });
  await village.plan([slot], { validUntil: slot.startsAt - 100 });
  await village.told('missed', slot);
  expect(village.kinds(slot)).toEqual(['ready', 'missed plan.expired']);
});

it('a document that is damaged on the disk is fetched again, and nothing is withdrawn meanwhile', async () => {
  const village = await Village.open();
  const { controller } = village;
  const slot = village.slot(2_500);
  await village.plan([slot]);
  await village.told('ready', slot);
  await village.powerCut();
  const documents = join(village.folder, 'plan', 'documents');
  const [name = ''] = await readdir(documents);
  await writeFile(join(documents, name), 'damaged');
  const again = controller.events.next('planDocument');
  await village.powerBack();
  expect((await again).sha256).toBe(name);
  await village.told('finished', slot);
  expect(village.kinds(slot)).toEqual(['ready', 'started', 'finished']);
});

it('of what is fetched ahead no more comes in a day than the budget; what is near is exempt', async () => {
  const village = await Village.open({ dataBudgetBytes: 12_000 });
  const { controller, agent } = village;
  const asked: string[] = [];
  controller.events.on('content', ({ sha256: hash }) => void asked.push(hash));
  const at = (hours: number, fill: number) =>
    village.slot(hours * 3_600_000, { content: village.content(300, fill) });
  // Nothing waits at random: the clock of this test is real.
  const near = [at(0.5, 1), at(0.6, 2)];
  const far = [at(30, 3), at(31, 4), at(32, 5)];
  await village.plan([...near, ...far]);
  for (const slot of near) await village.told('ready', slot);
  expect(agent.downloads.budget.usedBytes).toBe(10_000);
  expect(new Set(asked)).toEqual(new Set(near.map(hashOf)));
});

it('the controller can ask for what is held, and a loudspeaker that moved drops what is not its own', async () => {
  const village = await Village.open();
  const { controller, agent } = village;
  const head = await village.plan([village.slot(3_600_000)]);
  controller.want = ['held'];
  const shown = controller.events.next('hello', ({ hello }) => hello.heldDocuments !== undefined);
  await controller.stop();
  await controller.start();
  expect((await shown).hello.heldDocuments).toEqual([head]);
  const moved = await controller.assignment(SPEAKER, { areas: ['vn', 'hoa-binh'], revision: Date.now() + 1 });
  const empty = controller.events.next('hello', ({ hello }) => hello.held.length === 0);
  await controller.publish(topicOf('assignment', SPEAKER), moved);
  await empty;
  expect(agent.plan.slots).toEqual([]);
  expect(agent.control.open).toBe(0);
});

async function cancel({ controller }: Village, order: PlayOrder): Promise<void> {
  const { targets, broadcastId, expiresAt, issuedAt, revision } = order;
  const document = {
    ...{ v: 1, kind: 'cancel', id: `ord_c_${broadcastId}`, broadcastId, revision, targets },
    ...{ requires: [], issuedAt, expiresAt, reason: 'Sai nội dung', by: 'can-bo' },
  };
  const answered = controller.events.next('answer');
  await controller.publish(topicOf('order', SPEAKER), await signDocument('order', document, controller.key));
  await answered;
}

function dayIn({ startsAt }: PlayOrder): string {
  return new Date(startsAt + 7 * 3_600_000).toISOString().slice(0, 10);
}

function hashOf({ content }: PlayOrder): string {
  return 'sha256' in content ? content.sha256 : '';
}
