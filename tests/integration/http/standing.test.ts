import { expect, it } from 'vitest';
import type { AnnouncementView, OccurrenceView, ScheduleView, StandingView } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Problem } from './support.ts';

it('a leave for a series lets its later content air, until it is taken back', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const first = await scheduling.announcement(60);
  const fallbackId = await scheduling.announcement(30, { title: 'Nhạc hiệu' });
  const wanted = scheduling.wanted(first, daily('05:40'), { fallbackId });
  const schedule = (await controller.post<ScheduleView>('editor', 'schedules', wanted)).body;
  const path = `schedules/${schedule.id}/standing-approval`;
  const leave = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
  const refused = async (over: object) =>
    (await controller.post<Problem>('chairman', path, { ...leave, ...over })).body.error.code;
  expect(await refused({ expiresAt: vietnam(367, '00:00') })).toBe('approval.standing_invalid');
  expect(await refused({ expiresAt: vietnam(-1, '00:00') })).toBe('approval.standing_invalid');
  expect(await refused({ areas: ['noi-khac'] })).toBe('request.forbidden');
  const given = await controller.post<StandingView & Problem>('chairman', path, leave);
  expect(given.body).toMatchObject({
    areas: [COMMUNE],
    by: 'chairman',
    state: 'in_force',
    seriesId: schedule.seriesId,
  });

  // Next week's episode: new audio, handed in, approved by nobody.
  const audio = medium({ durationMs: 90_000, bytes: 1_000_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const body = { mediaSha256: audio.sha256 };
  await controller.call<AnnouncementView>('editor', 'PATCH', `announcements/${first}`, { body });
  const { slots } = controller.context.planSide;
  const inTime = (what: string, look: () => boolean) =>
    until(what, async () => {
      await clock.advance(200);
      return look();
    });
  const planned = () =>
    [...new Set(slots.between(clock.now(), vietnam(5, '00:00')).map((one) => one.announcementId))].join();
  await inTime('the fallback for a draft', () => planned() === fallbackId);
  const [morning] = await scheduling.occurrences(schedule.id, vietnam(0, '00:00'), vietnam(1, '00:00'));
  const items: Partial<OccurrenceView['items'][number]>[] = morning?.items ?? [];
  const main = items.find(({ announcementId }) => announcementId === first);
  expect(main?.withheld?.code).toBe('schedule.not_approved');
  expect(items.find(({ announcementId }) => announcementId === fallbackId)).toMatchObject({
    ...{ withheld: null, insteadOf: main?.broadcastId },
  });
  const handedIn = await controller.post<AnnouncementView>('editor', `announcements/${first}/submit`, {});
  await inTime('the episode', () => planned() === first);

  await clock.advance(vietnam(0, '05:30') - clock.now());
  const [slot] = slots.between(clock.now(), vietnam(1, '00:00'));
  const { broadcasts } = controller.context.storage.read;
  const id = slot?.broadcastId ?? '';
  await inTime('its broadcast', () => typeof slots.get(id)?.issuedAt === 'number');
  expect((await broadcasts.get(id))?.clearance).toEqual([
    { kind: 'standing', id: given.body.id, sha256: handedIn.body.approvalHash },
  ]);
  await clock.advance(vietnam(0, '05:40') + 1_000 - clock.now());
  const taken = await controller.post<StandingView>(
    'chairman',
    `standing-approvals/${given.body.id}/revoke`,
    {
      reason: 'nội dung chưa đạt',
    },
  );
  expect(taken.body).toMatchObject({ state: 'ended', endedBy: 'chairman', endedReason: 'nội dung chưa đạt' });
  expect(await broadcasts.get(id)).toMatchObject({
    state: 'cancelled',
    cancelReason: 'approval.standing_ended',
  });
  await inTime('the plan without it', () => planned() === fallbackId);

  // Another leave ends by itself when the series is moved to another hour; one occurrence by itself does not end it.
  const again = await controller.post<StandingView>('chairman', path, leave);
  const change = (span: object, recurrence: object) =>
    controller.post<Problem>('editor', `schedules/${schedule.id}/change`, { span, change: { recurrence } });
  const stateOf = async () => {
    const { body: list } = await controller.get<{ standing: StandingView[] }>('viewer', 'standing-approvals');
    return list.standing.find((one) => one.id === again.body.id);
  };
  await change(
    { kind: 'one', originalAt: vietnam(1, '05:40') },
    { kind: 'once', day: '2026-01-06', time: '05:50' },
  );
  expect(await stateOf()).toMatchObject({ state: 'in_force' });
  await change({ kind: 'all' }, daily('06:10'));
  expect(await stateOf()).toMatchObject({
    state: 'ended',
    endedBy: 'editor',
    endedReason: 'the series was changed',
  });
  for (const action of ['standing.give', 'standing.end'])
    expect(await scheduling.audited(action)).toHaveLength(2);
});
