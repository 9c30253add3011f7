import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import type { ScheduleView, StandingView, WaitingListSchema } from '#protocols';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Problem } from './support.ts';

type Approvals = Static<typeof WaitingListSchema>;

/** A daily series, an episode of it that nobody approved, a deputy with these days, and leaves by him. */
async function series() {
  const { clock, controller, scheduling } = await startMonday();
  await controller.speaker('loa-1', 'ap-1');
  const id = await scheduling.announcement(60);
  const wanted = scheduling.wanted(id, daily('05:20', '06:10'));
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  await controller.call('editor', 'PATCH', `announcements/${id}`, { body: { title: 'Tin ngày mai' } });
  await controller.post('editor', `announcements/${id}/submit`, {});
  const { slots } = controller.context.planSide;
  /** When it is planned today; more: on the days that follow too. */
  const planned = () =>
    [...new Set(slots.between(clock.now(), vietnam(20, '00:00')).map(({ startsAt }) => startsAt))].map(
      (at) => (at < vietnam(1, '00:00') ? clockOf(at) : 'more'),
    );
  const lists = async () => {
    const { body } = await controller.get<Approvals>('chairman', 'approvals');
    const has = (items: Approvals['covered'] | Approvals['waiting']) =>
      items.some(({ announcement }) => announcement.id === id);
    return has(body.waiting) ? 'waiting' : has(body.covered) ? 'covered' : 'neither';
  };
  return {
    ...{ clock, controller, lists },
    give: (who: 'deputy' | 'chairman', expiresAt: number) =>
      controller.post<StandingView & Problem>(who, `schedules/${schedule.id}/standing-approval`, {
        ...{ maxMinutes: 2, expiresAt },
      }),
    term: async (from: number | null, until: number) => {
      const grant = { role: 'deputy', areas: [COMMUNE], until };
      const body = { grants: [from === null ? grant : { ...grant, from }] };
      return (await controller.call('administrator', 'PATCH', 'accounts/deputy', { body })).status;
    },
    planned: (what: string, expected: readonly string[]) =>
      until(what, async () => {
        await clock.advance(200);
        return JSON.stringify([...new Set(planned())]) === JSON.stringify(expected);
      }),
  };
}

const clockOf = (at: number) => new Date(at + 7 * 3_600_000).toISOString().slice(11, 16);
const ALL = ['05:20', '06:10', 'more'];

it('a deputy gives leave in his days alone, and what is planned by it ends with them and waits again', {
  timeout: 90_000,
}, async () => {
  const { clock, give, term, planned, lists, controller } = await series();
  const far = vietnam(30, '00:00');
  // His days have not begun.
  expect(await term(vietnam(0, '05:10'), far)).toBe(200);
  expect((await give('deputy', far)).body.error.code).toBe('request.forbidden');
  expect(await lists()).toBe('waiting');
  expect(await term(null, far)).toBe(200);
  expect((await give('deputy', vietnam(40, '00:00'))).body.expiresAt).toBe(far);
  await planned('all of it', ALL);
  expect(await lists()).toBe('covered');
  // They end at six: what begins then is not covered.
  expect(await term(null, vietnam(0, '06:00'))).toBe(200);
  expect(await lists()).toBe('waiting');
  await planned('until six', ['05:20']);
  await clock.advance(vietnam(0, '06:00') - clock.now());
  await planned('nothing', []);
  expect(await lists()).toBe('waiting');
  const { body } = await controller.get<{ standing: StandingView[] }>('viewer', 'standing-approvals');
  expect(body.standing.map(({ state }) => state)).toEqual(['expired']);
  expect((await give('deputy', far)).body.error.code).toBe('request.forbidden');
});

it('a giver who is blocked takes with him what is planned by his leave: it waits again at once', {
  timeout: 90_000,
}, async () => {
  const { give, term, planned, lists, controller } = await series();
  expect(await term(null, vietnam(30, '00:00'))).toBe(200);
  await give('deputy', vietnam(30, '00:00'));
  await planned('all of it', ALL);
  expect(await lists()).toBe('covered');
  await controller.post('administrator', 'accounts/deputy/deactivate', { reason: 'thôi việc' });
  expect(await lists()).toBe('waiting');
  await planned('nothing', []);
});

it('a leave that expires takes with it what would begin then, and that waits again', {
  timeout: 90_000,
}, async () => {
  const { clock, give, planned, lists } = await series();
  // What begins at this very instant is not covered any more.
  await give('chairman', vietnam(0, '06:10'));
  await planned('until then', ['05:20']);
  expect(await lists()).toBe('waiting');
  await clock.advance(vietnam(0, '06:10') - clock.now());
  await planned('nothing', []);
  expect(await lists()).toBe('waiting');
});
