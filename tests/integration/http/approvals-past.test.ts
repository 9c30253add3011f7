import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { ScheduleView, WaitingListSchema } from '#protocols';
import { underLeave } from './leave-support.ts';
import { once, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, HAMLETS } from './support.ts';

type Approvals = Static<typeof WaitingListSchema>;

const LIMIT = { timeout: 90_000 };

async function aired(except: readonly string[] = [HAMLETS[0]]) {
  const { clock, controller } = await startMonday();
  return { clock, controller, ...(await underLeave(controller, clock, { except })) };
}

it(
  'what aired by a leave as it is, and nothing plans any more, waits for nobody where it aired',
  LIMIT,
  async () => {
    const { controller, isLookedAt, episode, wanted, renew, listed, air, scheduling } = await aired();
    const nowhere = { waiting: [], covered: [], past: [] };
    // Before: in the first hamlet the leave was taken back, and it lacks an approval there.
    expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, waiting: [HAMLETS[0]] });
    expect(await listed('ap-2 chairman')).toEqual({ ...nowhere, covered: [HAMLETS[1]] });
    await air();
    expect(await listed('chairman')).toEqual({ ...nowhere, past: [COMMUNE] });
    expect(await listed('ap-2 chairman')).toEqual({ ...nowhere, past: [HAMLETS[1]] });
    // There it never aired, and goes on waiting, however often what is over is swept up.
    expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, waiting: [HAMLETS[0]] });
    await controller.context.housekeeping.sweep();
    expect(await isLookedAt()).toBe(true);
    expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, waiting: [HAMLETS[0]] });
    expect(await listed('chairman')).toEqual({ ...nowhere, past: [COMMUNE] });
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
  },
);

it(
  'what all have heard by a leave is looked at no more, and waits once it is planned again',
  LIMIT,
  async () => {
    const { controller, wanted, renew, listed, air, isLookedAt } = await aired([]);
    const nowhere = { waiting: [], covered: [], past: [] };
    const sweep = () => controller.context.housekeeping.sweep();
    const isPast = async () => {
      expect(await listed('chairman')).toEqual({ ...nowhere, past: [COMMUNE] });
      expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, past: [HAMLETS[0]] });
    };
    const waits = async () => {
      expect(await listed('chairman')).toEqual({ ...nowhere, waiting: [COMMUNE] });
      expect(await listed('ap-1 chairman')).toEqual({ ...nowhere, waiting: [HAMLETS[0]] });
    };
    await sweep();
    expect(await listed('chairman')).toEqual({ ...nowhere, covered: [COMMUNE] });
    await air();
    await isPast();
    expect(await isLookedAt()).toBe(true);
    await sweep();
    expect(await isLookedAt()).toBe(false);
    await isPast();
    const again = await controller.post<ScheduleView>('editor', 'schedules', {
      ...wanted,
      recurrence: once(40, '06:00'),
    });
    // At once, before anything is swept up.
    await waits();
    await sweep();
    expect(await isLookedAt()).toBe(true);
    await waits();
    await controller.call('editor', 'DELETE', `schedules/${again.body.id}`);
    await isPast();
    await sweep();
    expect(await isLookedAt()).toBe(false);
    // An area that lies elsewhere now is looked at anew.
    await controller.post('administrator', `areas/${HAMLETS[1]}/move`, { parentId: HAMLETS[0] });
    expect(await isLookedAt()).toBe(true);
    await isPast();
    await sweep();
    expect(await isLookedAt()).toBe(false);
    await renew();
    await waits();
  },
);

it('what a leave covered and did not air goes on waiting', LIMIT, async () => {
  const { clock, controller, standing, listed } = await aired();
  await controller.post('chairman', `standing-approvals/${standing.id}/revoke`, { reason: 'đổi người' });
  await clock.advance(vietnam(0, '06:30') - clock.now());
  expect(await listed('chairman')).toEqual({ waiting: [COMMUNE], covered: [], past: [] });
});
