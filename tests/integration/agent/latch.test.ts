import { expect, it } from 'vitest';
import { heldHash, sha256, signDocument, topicOf } from '#protocols';
import { AREA, SPEAKER, Village } from './village.ts';

const topic = topicOf('areaLatch', AREA.id);

it('a latch stops what sounds at once, keeps everything silent over a restart, and its release lets it go', async () => {
  const village = await Village.open();
  const { controller } = village;
  const slot = village.slot(0, { content: village.content(60_000), afterInterruption: 'drop' });
  await village.plan([slot]);
  await village.told('started', slot);
  const set = await controller.latch('lat-1', AREA);
  const told = controller.events.next('health', ({ health }) => health.held !== heldHash(planOf(village)));
  await controller.publish(topic, set);
  await village.told('interrupted', slot);
  expect(village.kinds(slot)).toEqual(['ready', 'started', 'interrupted order.latched']);
  expect((await told).health.held).toBe(
    heldHash([...planOf(village), { kind: 'latch', scope: AREA, hash: sha256(set) }]),
  );
  const latched = await controller.entry(SPEAKER, ({ kind }) => kind === 'latched');
  expect(latched).toMatchObject({ latchId: 'lat-1' });

  await village.powerCut();
  await village.powerBack();
  expect(village.agent.latches.set).toEqual(['lat-1']);
  const startsAt = Date.now();
  const next = village.slot(0, { startsAt, latestStartAt: startsAt + 500 });
  await village.plan([slot, next], { revision: Date.now() + 1 });
  await village.told('missed', next);
  expect(village.kinds(next)).toContain('missed order.latched');

  const release = await controller.latch('lat-1', AREA, { state: 'released', revision: Date.now() + 1_000 });
  await controller.publish(topic, release);
  await controller.entry(SPEAKER, ({ kind }) => kind === 'released');
  // Under a released id nothing latches any more; another one does.
  const { latches } = village.agent;
  await latches.receive(Buffer.from(await controller.latch('lat-1', AREA, { revision: Date.now() + 2_000 })));
  await latches.receive(Buffer.from(set));
  expect(latches.set).toEqual([]);
  expect(latches.counters).toMatchObject({ taken: 1, refused: 2 });
  const after = village.slot(300);
  await village.plan([slot, next, after], { revision: Date.now() + 2 });
  await village.told('finished', after);
});

it('an emergency sounds only if it names the latch, and the journal says so', async () => {
  const village = await Village.open();
  const { controller } = village;
  await controller.publish(topic, await controller.latch('lat-2', AREA));
  await controller.entry(SPEAKER, ({ kind }) => kind === 'latched');
  const at = Date.now();
  const urgent = { priority: 'emergency', window: null, startsAt: at, latestStartAt: at + 800 } as const;
  const [kept, passes] = [village.slot(0, urgent), village.slot(0, { ...urgent, releases: ['lat-2'] })];
  for (const order of [kept, passes])
    await controller.publish(topicOf('order', SPEAKER), await signDocument('order', order, controller.key));
  await village.told('finished', passes);
  await village.told('missed', kept);
  expect(village.kinds(kept)).toContain('missed order.latched');
  expect(await village.told('started', passes)).toMatchObject({ latchId: 'lat-2' });
  expect(village.agent.latches.set).toEqual(['lat-2']);
});

it('a latch of another area is ignored and counted, and one of this loudspeaker alone holds', async () => {
  const village = await Village.open();
  const { controller } = village;
  const { latches } = village.agent;
  await latches.receive(Buffer.from(await controller.latch('lat-3', { kind: 'area', id: 'hoa-binh' })));
  expect(latches.counters).toMatchObject({ foreign: 1, taken: 0 });
  await controller.publish(
    topicOf('latch', SPEAKER),
    await controller.latch('lat-4', { kind: 'speaker', id: SPEAKER }),
  );
  await controller.entry(SPEAKER, ({ kind }) => kind === 'latched');
  expect(latches.set).toEqual(['lat-4']);
  // The next latch of a scope takes the place of the one before it.
  const newer = await controller.latch(
    'lat-5',
    { kind: 'speaker', id: SPEAKER },
    { revision: Date.now() + 1 },
  );
  await latches.receive(Buffer.from(newer));
  expect(latches.set).toEqual(['lat-5']);
  const released = await controller.entry(SPEAKER, ({ kind }) => kind === 'released');
  expect(released.latchId).toBe('lat-4');
});

function planOf({ agent }: Village) {
  return agent.plan.held();
}
