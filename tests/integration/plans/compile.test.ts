import { expect, it } from 'vitest';
import { sha256 } from '#protocols';
import { DAY, daily, HOUR, local, PlanWorld } from './plan-world.ts';

it('plans fourteen days ahead, each slot in one head, and the same again in the same bytes', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00', '17:00') });
  const slots = await planner.planned('area.tan-an');
  expect(slots).toHaveLength(2 * 15);
  expect(slots[0]).toMatchObject({ startsAt: local('06:00'), title: 'Bản tin ann_1', scheduleId: 'sch_1' });
  expect(slots.at(-1)?.startsAt).toBe(local('17:00', 14));
  expect(
    planner
      .head('area.tan-an')
      .documents.map(({ day }) => day)
      .slice(0, 2),
  ).toEqual(['2026-01-05', '2026-01-06']);
  expect(planner.headsSent()).toHaveLength(1);
  const before = planner.head('area.tan-an');
  planner.changed();
  await planner.settled();
  expect(planner.head('area.tan-an')).toEqual(before);
  expect(planner.headsSent()).toHaveLength(1);
  expect(planner.errors).toEqual([]);
});

it('leaves the bytes of untouched days alone, and gives a changed slot a higher revision', async () => {
  const planner = await new PlanWorld().run();
  const schedule = await planner.schedule({ recurrence: daily('06:00') });
  const before = planner.head('area.tan-an');
  const [first] = await planner.planned('area.tan-an');
  const originalAt = local('06:00', 3);
  await planner.save({
    ...schedule,
    rule: {
      ...schedule.rule,
      changes: [{ kind: 'move', originalAt, startsAt: originalAt + HOUR, by: 'bich', reason: 'mưa' }],
    },
  });
  const after = planner.head('area.tan-an');
  expect(after.revision).toBeGreaterThan(before.revision);
  const changed = after.documents.filter((one, i) => one.sha256 !== before.documents[i]?.sha256);
  expect(changed.map(({ day }) => day)).toEqual(['2026-01-08']);
  const slots = await planner.planned('area.tan-an');
  expect(slots[0]).toEqual(first);
  const moved = slots.find(({ startsAt }) => startsAt === originalAt + HOUR);
  expect(moved?.revision).toBeGreaterThan(first?.revision ?? 0);
});

it('puts named speakers into heads of their own, unless an area of the slot holds them', async () => {
  const planner = await new PlanWorld().run();
  await planner.schedule({
    recurrence: daily('06:00'),
    targets: { areas: ['ap-1'], speakers: ['loa-1', 'loa-2'], excludeAreas: [], excludeSpeakers: [] },
  });
  const scopes = [...planner.heads.all()].map(({ stored }) => stored.scope).sort();
  expect(scopes).toEqual(['area.ap-1', 'speaker.loa-2']);
  const [inArea] = await planner.planned('area.ap-1');
  const [own] = await planner.planned('speaker.loa-2');
  expect(inArea?.targets).toMatchObject({ areas: ['ap-1'], speakers: [] });
  expect(own?.targets).toMatchObject({ areas: [], speakers: ['loa-2'] });
  expect(own?.broadcastId).toBe(inArea?.broadcastId);
  const stored = planner.slots.get(own?.broadcastId ?? '');
  expect(stored?.lineHash).toBe(sha256(stored?.line ?? ''));
});

it('takes deleted, paused, skipped and unapproved slots out of the plan again', async () => {
  const planner = await new PlanWorld().run();
  const schedule = await planner.schedule({ recurrence: daily('06:00') });
  const count = async () => (await planner.planned('area.tan-an')).length;
  expect(await count()).toBe(15);
  const skip = { kind: 'skip', originalAt: local('06:00', 1), by: 'bich', reason: 'tang lễ' } as const;
  await planner.save({ ...schedule, rule: { ...schedule.rule, changes: [skip] } });
  expect(await count()).toBe(14);
  await planner.approve('withdrawn');
  expect(await count()).toBe(0);
  await planner.save({ ...schedule, pausedAt: local('00:00'), pausedBy: 'bich' });
  expect(await count()).toBe(0);
  await planner.save({ ...schedule, content: { kind: 'announcement', announcementId: 'ann_2' } });
  expect(await count()).toBe(15);
  await planner.save({ ...schedule, deletedAt: local('05:00') });
  expect(await count()).toBe(0);
  expect(planner.head('area.tan-an').documents).toEqual([]);
});

it('tops up and signs again every day, also where nothing is planned any more', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  const schedule = await planner.schedule({ recurrence: daily('06:00') });
  const first = planner.head('area.tan-an');
  const next = await world.later(planner, DAY);
  const second = next.head('area.tan-an');
  expect(second.documents.map(({ day }) => day)).toContain('2026-01-20');
  expect(second.documents.map(({ day }) => day)).not.toContain('2026-01-05');
  expect(second.validUntil).toBeGreaterThan(first.validUntil);
  await next.save({ ...schedule, deletedAt: world.clock.now() });
  const last = await world.later(next, DAY);
  expect(last.head('area.tan-an').documents).toEqual([]);
  expect(last.head('area.tan-an').validUntil).toBeGreaterThan(second.validUntil + 20 * HOUR);
});

it('goes above the revision that a loudspeaker shows with our signature', async () => {
  const planner = await new PlanWorld().run();
  await planner.schedule({ recurrence: daily('06:00') });
  const ours = planner.head('area.tan-an');
  const later = { ...ours, revision: ours.revision + 5 * DAY };
  const { document } = await planner.keys.sign('plan', later);
  await planner.compiler.overtake(document);
  await planner.settled();
  expect(planner.head('area.tan-an').revision).toBe(later.revision + 1);
  const foreign = `${document.slice(0, -4)}AAAA`;
  await expect(planner.compiler.overtake(foreign)).rejects.toMatchObject({ code: 'document.bad_signature' });
});

it('lets the heads of what is out of use for good run out', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({
    recurrence: daily('06:00'),
    targets: { areas: ['ap-1'], speakers: ['loa-2'], excludeAreas: [], excludeSpeakers: [] },
  });
  await planner.storage.transaction(async (tx) => {
    const area = planner.areas.tree.get('ap-1');
    await tx.areas.update({ ...area, retiredAt: world.clock.now() }, world.clock.now());
  });
  planner.areas.load(await planner.storage.read.areas.all());
  planner.speakers.put({ speakerId: 'loa-2', areaId: 'ap-2', lifecycle: 'retired' });
  planner.changed();
  await planner.settled();
  const revisions = () => ['area.ap-1', 'speaker.loa-2'].map((scope) => planner.head(scope).revision);
  expect(planner.head('area.ap-1').documents).toEqual([]);
  expect(planner.head('speaker.loa-2').documents).toEqual([]);
  const before = revisions();
  await planner.rest();
  for (const _ of [1, 2]) {
    await world.clock.advance(DAY);
    planner.changed();
    await planner.settled();
  }
  expect(revisions()).toEqual(before);
});

it.each(['blocked', 'retired'] as const)('plans nothing for a loudspeaker that is %s', async (lifecycle) => {
  const planner = await new PlanWorld().run();
  planner.speakers.put({ speakerId: 'loa-2', areaId: 'ap-2', lifecycle });
  await planner.schedule({
    recurrence: daily('06:00'),
    targets: { areas: ['ap-1'], speakers: ['loa-2'], excludeAreas: [], excludeSpeakers: [] },
    windowOverride: { by: 'chu-tich', reason: 'lễ' },
  });
  expect(await planner.planned('area.ap-1')).toHaveLength(15);
  expect(planner.heads.size).toBe(1);
  planner.speakers.put({ speakerId: 'loa-2', areaId: 'ap-2', lifecycle: 'active' });
  planner.changed();
  await planner.settled();
  expect(await planner.planned('speaker.loa-2')).toHaveLength(15);
});

it('keeps a document that a head of a transaction under way names', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  const schedule = await planner.schedule({ recurrence: daily('06:00') });
  const [named] = [...planner.heads.all()];
  if (named === undefined) throw new Error('no head');
  const hash = named.head.documents.at(-1)?.sha256 ?? '';
  await planner.save({ ...schedule, deletedAt: world.clock.now() });
  await planner.rest();
  await world.clock.advance(3 * DAY);
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const saved = planner.storage.transaction(async (tx) => {
    await gate;
    await tx.plans.saveHeads([named.stored]);
    tx.afterCommit(() => planner.heads.put([named.stored]));
  });
  const pruned = planner.compiler.prune();
  go();
  await Promise.all([saved, pruned]);
  expect(await planner.storage.read.plans.document(hash)).not.toBeNull();
});
