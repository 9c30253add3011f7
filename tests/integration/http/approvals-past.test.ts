import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { ScheduleView, StandingView, WaitingListSchema } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { until } from '../../helpers/until.ts';
import { once, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, HAMLETS, type Who } from './support.ts';

type Approvals = Static<typeof WaitingListSchema>;

/** An episode of Monday 05:40 that a leave alone covers, everywhere but in the first hamlet, and what stands in whose lists. */
async function aired() {
  const { clock, controller, scheduling } = await startMonday();
  for (const area of HAMLETS) await controller.speaker(`loa-${area}`, area);
  const episode = await scheduling.announcement(60);
  const wanted = scheduling.wanted(episode, once(0, '05:40'));
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  const leave = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
  const path = `schedules/${schedule.id}/standing-approval`;
  const { body: standing } = await controller.post<StandingView>('chairman', path, leave);
  const back = { reason: 'nghe lại đã', areas: [HAMLETS[0]] };
  await controller.post('ap-1 chairman', `standing-approvals/${standing.id}/revoke`, back);
  /** Other audio, handed in and approved by nobody. */
  const renew = async () => {
    const audio = medium({ durationMs: 90_000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(audio));
    const body = { mediaSha256: audio.sha256 };
    await controller.call('editor', 'PATCH', `announcements/${episode}`, { body });
    await controller.post('editor', `announcements/${episode}/submit`, {});
  };
  await renew();
  const { slots } = controller.context.planSide;
  const day = () => slots.between(vietnam(0, '05:00'), vietnam(1, '00:00'));
  const inTime = (what: string, look: () => boolean) =>
    until(what, async () => {
      await clock.advance(200);
      return look();
    });
  await inTime('the plan', () => day().length === 1);
  /** The areas in which it stands in each list of somebody. */
  const listed = async (who: Who) => {
    const { body } = await controller.get<Approvals>(who, 'approvals');
    const of = (items: Approvals['waiting']) =>
      items
        .filter(({ announcement: { id } }) => id === episode)
        .flatMap(({ areas }) => areas.map(({ areaId }) => areaId));
    return { waiting: of(body.waiting), covered: of(body.covered), past: of(body.past) };
  };
  const air = async () => {
    await clock.advance(vietnam(0, '05:32') - clock.now());
    await inTime('the broadcast', () => typeof day()[0]?.issuedAt === 'number');
    await clock.advance(vietnam(0, '05:45') - clock.now());
  };
  return { clock, controller, scheduling, episode, standing, wanted, renew, listed, air };
}

it('what aired by a leave as it is, and nothing plans any more, waits for nobody where it aired', {
  timeout: 90_000,
}, async () => {
  const { controller, episode, wanted, renew, listed, air, scheduling } = await aired();
  const nowhere = { waiting: [], covered: [], past: [] };
  // Before: in the first hamlet the leave was taken back, and it lacks an approval there.
  expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, waiting: [HAMLETS[0]] });
  expect(await listed('ap-2 chairman')).toEqual({ ...nowhere, covered: [HAMLETS[1]] });
  await air();
  expect(await listed('chairman')).toEqual({ ...nowhere, past: [COMMUNE] });
  expect(await listed('ap-2 chairman')).toEqual({ ...nowhere, past: [HAMLETS[1]] });
  // There it never aired, and goes on waiting.
  expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, waiting: [HAMLETS[0]] });
  const { body } = await controller.get<Approvals>('chairman', 'approvals');
  expect(body.past).toMatchObject([{ announcement: { id: episode }, lastAt: vietnam(0, '05:40') }]);

  // Planned again by a schedule without a leave, however far away, it waits: it would not air.
  const far = { ...wanted, recurrence: once(40, '06:00') };
  const again = await controller.post<ScheduleView>('editor', 'schedules', far);
  expect(await listed('chairman')).toEqual({ ...nowhere, waiting: [COMMUNE] });
  // Also while that is paused: it may go on at any time.
  await controller.post('editor', `schedules/${again.body.id}/pause`, {});
  expect(await listed('chairman')).toEqual({ ...nowhere, waiting: [COMMUNE] });
  await controller.call('editor', 'DELETE', `schedules/${again.body.id}`);
  expect(await listed('chairman')).toEqual({ ...nowhere, past: [COMMUNE] });
  // As a fallback it needs an approval of its own.
  const news = await scheduling.announcement(30);
  const instead = scheduling.wanted(news, once(3, '06:10'), { fallbackId: episode });
  const stands = await controller.post<ScheduleView>('editor', 'schedules', instead);
  expect((await listed('chairman')).waiting).toEqual([COMMUNE]);
  await controller.call('editor', 'DELETE', `schedules/${stands.body.id}`);
  // Other bytes have not aired.
  await renew();
  expect(await listed('chairman')).toEqual({ ...nowhere, waiting: [COMMUNE] });
});

it('what a leave covered and did not air goes on waiting', { timeout: 90_000 }, async () => {
  const { clock, controller, standing, listed } = await aired();
  await controller.post('chairman', `standing-approvals/${standing.id}/revoke`, { reason: 'đổi người' });
  await clock.advance(vietnam(0, '06:30') - clock.now());
  expect(await listed('chairman')).toEqual({ waiting: [COMMUNE], covered: [], past: [] });
});
