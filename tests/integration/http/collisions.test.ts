import { describe, expect, it } from 'vitest';
import {
  type BroadcastDetail,
  type BroadcastView,
  type PlayOrder,
  payloadOf,
  type ScheduleView,
  type UndecidedList,
} from '#protocols';
import { daily, once, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, HAMLETS, type Problem } from './support.ts';

interface Decided {
  readonly schedules: ScheduleView[];
  readonly broadcast: BroadcastView | null;
}

/** Two loudspeakers, and priority items of two minutes and one. */
async function commune() {
  const { clock, controller, scheduling } = await startMonday();
  const { events } = controller.context.services;
  await scheduling.setPolicy(COMMUNE, policy());
  await controller.speaker('loa-1', HAMLETS[0]);
  await controller.speaker('loa-2', HAMLETS[1]);
  const priority = { priority: 'priority' };
  const ours = await scheduling.announcement(120, { ...priority, title: 'Của xã' });
  const theirs = await scheduling.announcement(60, { ...priority, title: 'Của tỉnh' });
  const from = events.end;
  return {
    ...{ clock, controller, scheduling, ours, theirs },
    /** What people were asked so far: which comes first as things are, and which second. */
    asked: () =>
      (events.read(from, 1_000) ?? []).flatMap(({ event }) =>
        event.name === 'priority.undecided' ? [[event.data.first, event.data.second]] : [],
      ),
    undecided: async (who: 'viewer' | 'other viewer' = 'viewer', area = '') =>
      (await controller.get<UndecidedList>(who, `collisions${area}`)).body.undecided,
    play: async (announcementId: string, startsAt: number, targets: object = { areas: [COMMUNE] }) =>
      (await controller.post<BroadcastView>('editor', 'broadcasts', { announcementId, targets, startsAt }))
        .body,
    decide: (first: object, second: object) =>
      controller.post<Decided & Problem>('editor', 'collisions/decide', { first, second }),
    detail: async (id: string) => (await controller.get<BroadcastDetail>('viewer', `broadcasts/${id}`)).body,
    planned: async (scheduleId: string) => {
      const { compiler, collisions } = controller.context.planSide;
      const compiled = compiler.compiled();
      await clock.advance(200);
      await compiled;
      await collisions.idle();
      const [one] = await scheduling.occurrences(scheduleId, vietnam(0, '05:00'), vietnam(1, '05:00'));
      return one?.items[0]?.broadcastId ?? '';
    },
  };
}

describe('two priority items at one loudspeaker', { timeout: 60_000 }, () => {
  it('of schedules: people are asked by an event when they are planned, once, and the decision ends it', async () => {
    const at = await commune();
    const { controller, scheduling } = at;
    const { body: one } = await scheduling.create('editor', scheduling.wanted(at.ours, once(0, '05:40')));
    const { body: two } = await scheduling.create('editor', scheduling.wanted(at.theirs, once(0, '05:41')));
    const [first, second] = [await at.planned(one.id), await at.planned(two.id)];
    await controller.context.planSide.collisions.look();
    expect(at.asked()).toEqual([[first, second]]);
    expect(await at.undecided()).toMatchObject([
      {
        first: { broadcastId: first, scheduleId: one.id, title: 'Của xã' },
        second: { broadcastId: second, title: 'Của tỉnh' },
        ...{ from: vietnam(0, '05:41'), to: vietnam(0, '05:42'), speakerIds: ['loa-1', 'loa-2'] },
      },
    ]);
    expect(await at.undecided('other viewer')).toEqual([]);
    const elsewhere = await controller.get<Problem>('viewer', `collisions?area=${ELSEWHERE}`);
    expect(elsewhere.body.error.code).toBe('request.forbidden');
    // The province's goes first, by the name of its broadcast.
    const { status, body } = await at.decide(
      { broadcastId: second },
      { scheduleId: one.id, originalAt: vietnam(0, '05:40') },
    );
    expect([status, body.schedules[0]?.rule.changes]).toMatchObject([
      200,
      [{ kind: 'move', startsAt: vietnam(0, '05:42'), reason: 'after "Của tỉnh"' }],
    ]);
    await at.planned(one.id);
    expect(await at.undecided()).toEqual([]);
  });

  it('of which one was ordered by itself: it is put after the other under the same name, and its order keeps its turn', async () => {
    const at = await commune();
    const { controller, scheduling } = at;
    const { body: one } = await scheduling.create('editor', scheduling.wanted(at.ours, daily('05:40')));
    const slot = await at.planned(one.id);
    const now = await at.play(at.theirs, vietnam(0, '05:41'));
    await controller.context.planSide.collisions.idle();
    expect(at.asked()).toEqual([[slot, now.id]]);
    expect((await at.detail(now.id)).collidedWith).toEqual([]);
    const { body } = await at.decide(
      { scheduleId: one.id, originalAt: vietnam(0, '05:40') },
      { broadcastId: now.id },
    );
    expect(body.broadcast).toMatchObject({ id: now.id, startsAt: vietnam(0, '05:42') });
    const orders = (await controller.context.storage.read.broadcasts.orders(now.id)).map(
      ({ document }) => JSON.parse(payloadOf(document).toString()) as PlayOrder,
    );
    const [before, after] = orders.sort((a, b) => a.revision - b.revision);
    expect(after).toMatchObject({
      ...{ startsAt: vietnam(0, '05:42'), orderedAt: before?.issuedAt, targets: before?.targets },
      content: before?.content,
      window: { opensAt: vietnam(0, '05:30'), closesAt: vietnam(0, '06:30') },
    });
    expect(after?.revision).toBeGreaterThan(before?.revision ?? 0);
    expect(await at.undecided()).toEqual([]);
    const [entry] = await scheduling.audited('broadcast.postpone');
    expect([entry?.actor, JSON.parse(entry?.detail ?? '{}')]).toEqual([
      'editor',
      { reason: 'after "Của xã"' },
    ]);
    // The other way round the schedule's gives way.
    const early = await at.play(at.theirs, vietnam(0, '05:39'), { speakers: ['loa-1'] });
    expect(await at.undecided()).toMatchObject([]);
    const later = await at.play(at.theirs, vietnam(0, '05:40') + 1, { speakers: ['loa-1'] });
    const moved = await at.decide({ broadcastId: later.id }, { broadcastId: slot });
    expect(moved.body.schedules[0]?.rule.changes).toMatchObject([{ startsAt: vietnam(0, '05:41') + 1 }]);
    expect(early.id).not.toBe(later.id);
  });

  it('nobody answers: both are aired in the order of their orders, and their records say whom they met', async () => {
    const at = await commune();
    const one = await at.play(at.ours, vietnam(0, '05:40'));
    const two = await at.play(at.theirs, vietnam(0, '05:40'), { speakers: ['loa-2'] });
    const alone = await at.play(at.theirs, vietnam(0, '05:50'));
    const collided = async () =>
      Promise.all([one, two, alone].map(async ({ id }) => (await at.detail(id)).collidedWith));
    expect(await collided()).toEqual([[two.id], [one.id], []]);
    await at.clock.advance(vietnam(0, '05:45') - at.clock.now());
    expect(await at.undecided()).toEqual([]);
    expect(await collided()).toEqual([[two.id], [one.id], []]);
    const { body } = await at.controller.get<{ broadcasts: { id: string; collidedWith: string[] }[] }>(
      'viewer',
      'broadcasts',
    );
    expect(Object.fromEntries(body.broadcasts.map(({ id, collidedWith }) => [id, collidedWith]))).toEqual({
      [one.id]: [two.id],
      [two.id]: [one.id],
      [alone.id]: [],
    });
  });

  it('shows of the loudspeakers of others only how many they are', async () => {
    const at = await commune();
    await at.play(at.ours, vietnam(0, '05:40'));
    await at.play(at.theirs, vietnam(0, '05:40'));
    const hamlet = await at.undecided('viewer', `?area=${COMMUNE}`);
    expect(hamlet).toMatchObject([{ speakerIds: ['loa-1', 'loa-2'], speakers: 2 }]);
    // As somebody would see it whose areas hold only one of them.
    const { areaDirectory } = at.controller.context.services;
    areaDirectory.put({ ...areaDirectory.tree.get(HAMLETS[1]), parentId: ELSEWHERE });
    expect(await at.undecided()).toMatchObject([
      { speakerIds: ['loa-1'], areaIds: [HAMLETS[0]], speakers: 2 },
    ]);
  });

  it('is refused for what is no priority item, has begun, or is another’s', async () => {
    const at = await commune();
    const normal = await at.play(await at.scheduling.announcement(30), vietnam(0, '05:40'));
    const one = await at.play(at.ours, vietnam(0, '05:40'));
    const two = await at.play(at.theirs, vietnam(0, '05:41'));
    const code = async (first: object, second: object) => (await at.decide(first, second)).body.error?.code;
    expect(await code({ broadcastId: normal.id }, { broadcastId: one.id })).toBe('schedule.invalid');
    expect(await code({ broadcastId: one.id }, { broadcastId: normal.id })).toBe('schedule.invalid');
    expect(await code({ broadcastId: 'brc_none' }, { broadcastId: one.id })).toBe('request.not_found');
    const decision = { first: { broadcastId: one.id }, second: { broadcastId: two.id } };
    for (const who of ['viewer', 'other editor'] as const) {
      const { body } = await at.controller.post<Problem>(who, 'collisions/decide', decision);
      expect(body.error.code).toBe('request.forbidden');
    }
    const machine = await at.controller.post<Problem>('machine editor', 'collisions/decide', decision);
    expect(machine.body.error.code).toBe('request.person_only');
    // A chairman's leave to sound outside the windows is of the hour that he gave it for: who may not give it does not move it.
    const outside = { windowOverride: { reason: 'họp dân' }, startsAt: vietnam(0, '12:00') };
    const play = { announcementId: at.theirs, targets: { areas: [COMMUNE] }, ...outside };
    const { body: noon } = await at.controller.post<BroadcastView>('chairman', 'broadcasts', play);
    const putOff = { first: { broadcastId: two.id }, second: { broadcastId: noon.id } };
    expect(await code(putOff.first, putOff.second)).toBe('request.forbidden');
    const moved = await at.controller.post<Decided>('chairman', 'collisions/decide', putOff);
    expect(moved.body.broadcast).toMatchObject({ id: noon.id, startsAt: vietnam(0, '05:42') });
    await at.clock.advance(vietnam(0, '05:43') - at.clock.now());
    expect(await code({ broadcastId: one.id }, { broadcastId: two.id })).toBe('request.conflict');
  });
});
