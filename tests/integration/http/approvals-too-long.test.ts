import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { ApprovalsDue, ScheduleView, WaitingListSchema } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';

it('says of what waits that a leave would cover it, if the session was not so long', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const episode = await scheduling.announcement(60);
  const { body: series } = await controller.post<ScheduleView>(
    'editor',
    'schedules',
    scheduling.wanted(episode, daily('05:40')),
  );
  const leave = { maxMinutes: 10, sessionMinutes: 2, expiresAt: vietnam(20, '00:00') };
  await controller.post('chairman', `schedules/${series.id}/standing-approval`, leave);
  const other = await scheduling.announcement(30, {}, false);
  await scheduling.create('editor', scheduling.wanted(other, daily('06:10')));
  await controller.post('editor', `announcements/${other}/submit`, {});
  const renew = async (seconds: number) => {
    const audio = medium({ durationMs: seconds * 1000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const body = { mediaSha256: audio.sha256 };
    await controller.call('editor', 'PATCH', `announcements/${episode}`, { body });
    await controller.post('editor', `announcements/${episode}/submit`, {});
  };
  const asked = async () => {
    const { body } = await controller.get<Static<typeof WaitingListSchema>>('chairman', 'approvals');
    return new Map(body.waiting.map(({ announcement, tooLong }) => [announcement.id, tooLong]));
  };
  await renew(120);
  expect(await asked()).toEqual(new Map([[other, null]]));
  await renew(150);
  const tooLong = { minutes: 3, limit: 2 };
  expect(await asked()).toEqual(
    new Map([
      [episode, tooLong],
      [other, null],
    ]),
  );
  // The same is said of what airs soon.
  const { body: soon } = await controller.get<ApprovalsDue>('chairman', 'approvals/due');
  const due = new Map(soon.due.map((one) => [one.announcementId, one.tooLong]));
  expect(due).toEqual(await asked());
});
