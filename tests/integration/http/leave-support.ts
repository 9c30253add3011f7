import type { Static } from 'typebox';
import type { ScheduleView, StandingView, WaitingListSchema } from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import type { FakeClock } from '../../helpers/fake-clock.ts';
import { until } from '../../helpers/until.ts';
import { once, Scheduling, vietnam } from './schedule-support.ts';
import { COMMUNE, HAMLETS, type TestController, type Who } from './support.ts';

type Approvals = Static<typeof WaitingListSchema>;

/** An episode of Monday 05:40 that a leave alone covers, but in these areas, and what stands in whose lists. */
export async function underLeave(
  controller: TestController,
  clock: FakeClock,
  { title = 'Tập mới', except = [] }: { readonly title?: string; readonly except?: readonly string[] } = {},
) {
  const scheduling = new Scheduling(controller);
  for (const area of HAMLETS) await controller.speaker(`loa-${area}`, area);
  const episode = await scheduling.announcement(60, { title });
  const wanted = scheduling.wanted(episode, once(0, '05:40'));
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  const leave = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
  const path = `schedules/${schedule.id}/standing-approval`;
  const { body: standing } = await controller.post<StandingView>('chairman', path, leave);
  const back = { reason: 'nghe lại đã', areas: except };
  if (except.length > 0)
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
    const of = (items: Approvals['covered'] | Approvals['past'] | Approvals['waiting']) =>
      items
        .filter(({ announcement: { id } }) => id === episode)
        .flatMap(({ areas }) => areas.map(({ areaId }) => areaId));
    return { waiting: of(body.waiting), covered: of(body.covered), past: of(body.past) };
  };
  const air = async () => {
    await clock.advance(vietnam(0, '05:32') - clock.now());
    await inTime('the broadcast', () => typeof day()[0]?.issuedAt === 'number');
    await clock.advance(vietnam(0, '05:45') - clock.now());
    const id = day()[0]?.broadcastId ?? '';
    await controller.context.storage.transaction(async (tx) => {
      await tx.broadcasts.transition(id, ['planned', 'issued'], 'on_air');
      await tx.broadcasts.transition(id, ['on_air'], 'partial');
    });
  };
  /** Whether it is among what is looked at whenever somebody asks what waits. */
  const isLookedAt = async () => {
    const everywhere = [COMMUNE, ...HAMLETS];
    const where = { areaIds: everywhere, parted: everywhere };
    const asked = await controller.context.storage.read.announcements.asked(where, { limit: 9 });
    return asked.some(({ id }) => id === episode);
  };
  return { scheduling, episode, standing, wanted, renew, listed, air, isLookedAt };
}
