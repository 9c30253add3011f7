import { expect, it } from 'vitest';
import {
  type AnnouncementView,
  type BroadcastView,
  type MakeGoodProposals,
  PENDING,
  type ScheduleView,
  type StandingView,
} from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import type { Problem } from './support.ts';

it('what aired by a leave is made good while the leave covers it, and else says why not', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const { storage, planSide } = controller.context;
  const inTime = (what: string, look: () => boolean) =>
    until(what, async () => {
      await clock.advance(200);
      return look();
    });
  const newAudio = async (announcementId: string) => {
    const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
    await storage.transaction((tx) => tx.media.put(audio));
    const body = { mediaSha256: audio.sha256 };
    await controller.call('editor', 'PATCH', `announcements/${announcementId}`, { body });
    const path = `announcements/${announcementId}/submit`;
    return (await controller.post<AnnouncementView>('editor', path, {})).body.approvalHash;
  };
  /** A series whose episode is handed in and approved by nobody but the leave. */
  const series = async (time: string) => {
    const announcementId = await scheduling.announcement(60);
    const wanted = scheduling.wanted(announcementId, daily(time));
    const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
    const leave = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
    const path = `schedules/${schedule.id}/standing-approval`;
    const { body: standing } = await controller.post<StandingView>('chairman', path, leave);
    return { announcementId, schedule, standing, sha256: await newAudio(announcementId) };
  };
  const [kept, ended, changed] = [await series('05:35'), await series('05:40'), await series('05:45')];
  await clock.advance(vietnam(0, '05:32') - clock.now());
  const issued = async ({ schedule }: typeof kept) => {
    const slot = () =>
      planSide.slots
        .between(vietnam(0, '05:00'), vietnam(1, '00:00'))
        .find((one) => one.scheduleId === schedule.id);
    await inTime('the broadcast', () => typeof slot()?.issuedAt === 'number');
    return slot()?.broadcastId ?? '';
  };
  const ids = [await issued(kept), await issued(ended), await issued(changed)] as const;
  await clock.advance(vietnam(0, '05:50') - clock.now());
  const missed = { ...PENDING, state: 'missed', code: 'order.too_late' } as const;
  await storage.transaction(async (tx) => {
    const deliveries = ids.map((broadcastId) => {
      return { broadcastId, speakerId: 'loa-1', view: missed, answeredAt: null, updatedAt: 0 };
    });
    await tx.receipts.save({ batches: [], rows: [], deliveries, positions: [] });
    for (const id of ids) {
      await tx.broadcasts.transition(id, ['planned', 'issued'], 'on_air');
      await tx.broadcasts.transition(id, ['on_air'], 'partial');
    }
  });
  const proposed = async () =>
    (await controller.get<MakeGoodProposals>('editor', 'make-goods')).body.proposals.map(
      (one) => one.broadcastId,
    );
  expect((await proposed()).sort()).toEqual([...ids].sort());

  const make = (id: string) =>
    controller.post<BroadcastView & Problem>('editor', `broadcasts/${id}/make-good`, {});
  const made = await make(ids[0]);
  expect(made).toMatchObject({
    status: 201,
    body: {
      makesGoodOf: ids[0],
      clearance: [{ kind: 'standing', id: kept.standing.id, sha256: kept.sha256 }],
    },
  });
  const revoke = (id: string) =>
    controller.post('chairman', `standing-approvals/${id}/revoke`, { reason: 'chưa đạt' });
  // What is taken back takes the make-good with it.
  await revoke(kept.standing.id);
  expect(await storage.read.broadcasts.get(made.body.id)).toMatchObject({ state: 'cancelled' });

  await revoke(ended.standing.id);
  await newAudio(changed.announcementId);
  expect(await proposed()).toEqual([]);
  expect((await make(ids[1])).body.error).toMatchObject({
    code: 'make_good.not_covered',
    params: { id: ended.announcementId, reason: 'the leave has ended' },
  });
  expect((await make(ids[2])).body.error).toMatchObject({
    code: 'make_good.not_covered',
    params: { id: changed.announcementId, reason: 'it sounds otherwise now' },
  });
  // A leader's approval of what it is now is leave enough, as for any other.
  const { body: now } = await controller.get<{ approvalHash: string }>(
    'editor',
    `announcements/${ended.announcementId}`,
  );
  await controller.post('chairman', `announcements/${ended.announcementId}/approve`, {
    sha256: now.approvalHash,
  });
  expect(await proposed()).toEqual([ids[1]]);
});
