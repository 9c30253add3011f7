import { expect, it } from 'vitest';
import type { AnnouncementView, ApprovalsDue, ScheduleView, StandingView } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Who } from './support.ts';

interface Approvals {
  readonly waiting: readonly { announcement: AnnouncementView; areas: { areaId: string }[] }[];
  readonly covered: Approvals['waiting'];
}

it('what a leave for its series covers does not wait for an approval, and what it does not cover does', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  for (const area of ['ap-1', 'ap-2']) await controller.speaker(`loa-${area}`, area);
  const episode = await scheduling.announcement(60);
  const wanted = scheduling.wanted(episode, daily('05:40'));
  const { body: schedule } = await scheduling.create('editor', wanted);
  const leave = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
  const path = `schedules/${schedule.id}/standing-approval`;
  const { body: standing } = await controller.post<StandingView>('chairman', path, leave);
  const audio = medium({ durationMs: 90_000, bytes: 1_000_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  const body = { mediaSha256: audio.sha256 };
  await controller.call('editor', 'PATCH', `announcements/${episode}`, { body });
  await controller.post('editor', `announcements/${episode}/submit`, {});
  const news = await scheduling.announcement(30, {}, false);
  await controller.post('editor', `announcements/${news}/submit`, {});

  const listed = async (who: Who) => {
    const { body: found } = await controller.get<Approvals>(who, 'approvals');
    const of = (items: Approvals['waiting']) =>
      items
        .map(({ announcement, areas }) => [announcement.id, areas.map(({ areaId }) => areaId).join()])
        .sort();
    return { waiting: of(found.waiting), covered: of(found.covered) };
  };
  // What nobody has planned waits, as ever.
  const whole = { waiting: [[news, COMMUNE]], covered: [[episode, COMMUNE]] };
  expect(await listed('chairman')).toEqual(whole);
  // Planned once more without a leave, it waits for that.
  const beside = await controller.post<ScheduleView>(
    'editor',
    'schedules',
    scheduling.wanted(episode, daily('06:10')),
  );
  const both = [
    [episode, COMMUNE],
    [news, COMMUNE],
  ].sort();
  expect(await listed('chairman')).toEqual({ waiting: both, covered: [] });
  await controller.call('editor', 'DELETE', `schedules/${beside.body.id}`);
  expect(await listed('chairman')).toEqual(whole);
  // As what sounds in another one's place it needs an approval of its own.
  const other = await scheduling.announcement(20, {}, false);
  const instead = scheduling.wanted(other, daily('06:10'), { fallbackId: episode });
  const stands = await controller.post<ScheduleView>('editor', 'schedules', instead);
  expect((await listed('chairman')).waiting).toEqual(both);
  await controller.call('editor', 'DELETE', `schedules/${stands.body.id}`);
  // Taken back in one hamlet it waits for who answers there.
  const back = { reason: 'nghe lại đã', areas: ['ap-1'] };
  await controller.post('ap-1 chairman', `standing-approvals/${standing.id}/revoke`, back);
  const inHamlet = (items: readonly (readonly string[])[], id: string) =>
    items.map(([announcementId]) => [announcementId, id]);
  expect(await listed('ap-1 chairman')).toEqual({ waiting: inHamlet(both, 'ap-1'), covered: [] });
  expect(await listed('ap-2 chairman')).toEqual({
    ...{ waiting: inHamlet(whole.waiting, 'ap-2'), covered: inHamlet(whole.covered, 'ap-2') },
  });
});

it('a fallback that is not approved everywhere is told with what it stands for', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  for (const area of ['ap-1', 'ap-2']) await controller.speaker(`loa-${area}`, area);
  const news = await scheduling.announcement(60, { title: 'Tin sáng' }, false);
  const fallbackId = await scheduling.announcement(30, { title: 'Nhạc hiệu' }, false);
  const { body: music } = await controller.get<AnnouncementView>('editor', `announcements/${fallbackId}`);
  await controller.post('editor', `announcements/${fallbackId}/submit`, {});
  const yes = { sha256: music.approvalHash };
  await controller.post('ap-1 chairman', `announcements/${fallbackId}/approve`, yes);
  await scheduling.create('editor', scheduling.wanted(news, daily('05:40'), { fallbackId }));
  const range = `from=${vietnam(1, '00:00')}&to=${vietnam(2, '00:00')}`;
  const { body } = await controller.get<ApprovalsDue>('viewer', `approvals/due?${range}`);
  expect(body.due).toMatchObject([
    {
      announcementId: news,
      areas: [{ areaId: COMMUNE }],
      fallback: { announcementId: fallbackId, missing: [{ areaId: 'ap-2' }] },
    },
  ]);
});
