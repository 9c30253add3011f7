import { expect, it } from 'vitest';
import { approvalHash } from '../../../server/domain/announcements/approval-hash.ts';
import type { Programme } from '../../../server/domain/schedule/schedule.ts';
import { COMMUNE, daily, local, type Planner, PlanWorld } from './plan-world.ts';

const MINUTE = 60_000;
const STANDING = 'sta_1';

/** A programme of one minute at 06:00 whose item nobody approved but the leader of the series, who let sessions last two minutes at most. */
async function underLeave() {
  const planner = await new PlanWorld().run();
  // One loudspeaker holds no plan: it gets an order of its own when the slot is issued.
  planner.capabilities.set('loa-1', ['order:play']).set('loa-2', ['order:play', 'plan']);
  const { read } = planner.storage;
  const approved = await read.announcements.get('ann_1');
  if (approved === null) throw new Error('no announcement');
  const episode = {
    ...approved,
    ...{ id: 'ann_3', title: 'Tập mới', state: 'submitted' as const, approvedSha256: null, decisions: [] },
  };
  const at = approved.createdAt;
  const programme: Programme = {
    ...{ id: 'prg_1', areaId: COMMUNE, title: 'Chương trình sáng', chime: null },
    ...{ createdBy: 'bich', createdAt: at, updatedAt: at, retiredAt: null },
    items: [{ announcementId: episode.id, gapMs: 0, repeat: 1 }],
  };
  const schedule = planner.wish({
    content: { kind: 'programme', programmeId: programme.id },
    recurrence: daily('06:00'),
  });
  const { recurrence } = schedule.rule;
  await planner.write(async (tx) => {
    await tx.announcements.insert(episode);
    await tx.programmes.save(programme);
    await tx.standing.save({
      ...{ id: STANDING, seriesId: schedule.seriesId, scheduleId: schedule.id, areaId: COMMUNE, title: '' },
      ...{ areas: [COMMUNE], exceptAreas: [], editors: null, maxMinutes: 2, note: '', by: 'tam' },
      terms: {
        ...{ files: true, streams: [], fallbacks: [], priority: 'normal', recurrence, sessionMinutes: 2 },
        ...{ targets: schedule.targets, outsideWindows: false },
      },
      ...{ as: 'chairman', at, expiresAt: local('00:00', 30) },
      ...{ endedAt: null, endedBy: null, endedAs: null, endedReason: null },
    });
    await tx.schedules.save(schedule);
  });
  await planner.settled();
  await planner.advance(44 * MINUTE);
  const planned = await planner.planned('area.tan-an');
  expect(planned.map(({ startsAt }) => startsAt)).toContain(local('06:00'));
  expect(await planner.broadcasts()).toEqual([]);
  /** So many minutes more of what is approved: what is planned of the episode stays the same line. */
  const compose = (minutes: number) =>
    planner.write((tx) => {
      const items = [...programme.items, { announcementId: 'ann_1', gapMs: 0, repeat: minutes }];
      return tx.programmes.save({ ...programme, items });
    });
  return { planner, compose, hash: approvalHash(episode) };
}

async function issued(planner: Planner) {
  await planner.pass(2 * MINUTE);
  const [made] = await planner.broadcasts();
  return { clearance: made?.clearance, orders: await planner.storage.read.broadcasts.orders(made?.id ?? '') };
}

it('a leave lets a slot become an order as long as the whole session keeps to it', async () => {
  const { planner, compose, hash } = await underLeave();
  // Nothing can be compiled just now: what is issued is what was planned before.
  planner.defect = new Error('nothing is compiled');
  await compose(1);
  const { clearance, orders } = await issued(planner);
  expect(clearance).toEqual([{ kind: 'standing', id: STANDING, sha256: hash }]);
  expect(orders.map(({ kind }) => kind)).toEqual(['play']);
});

it('a session that became longer than its leave since it was planned is not ordered', async () => {
  const { planner, compose } = await underLeave();
  planner.defect = new Error('nothing is compiled');
  await compose(2);
  expect(await issued(planner)).toEqual({ clearance: null, orders: [] });
});
