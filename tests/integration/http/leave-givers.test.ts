import { expect, it } from 'vitest';
import type { ScheduleView, StandingView } from '#protocols';
import type { StandingApproval } from '../../../server/domain/announcements/standing-approval.ts';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, HAMLETS } from './support.ts';

/** A controller on a Monday, with a loudspeaker and an approved announcement (seconds) that is scheduled for each morning. */
async function morningSeries(seconds: number) {
  const monday = await startMonday();
  const { controller, scheduling } = monday;
  await controller.speaker('loa-1', 'ap-1');
  const id = await scheduling.announcement(seconds);
  const wanted = scheduling.wanted(id, daily('05:40'));
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  return { ...monday, id, schedule };
}

it('a leave for a series ends with the office of who gave it, and what another leader gave stands', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, scheduling, id, schedule } = await morningSeries(60);
  await controller.call('editor', 'PATCH', `announcements/${id}`, { body: { title: 'Tin ngày mai' } });
  await controller.post('editor', `announcements/${id}/submit`, {});
  const grants = (days: number, areas: readonly string[] = [COMMUNE]) => ({
    grants: [{ role: 'deputy', areas, until: vietnam(days, '00:00') }],
  });
  const change = async (body: object) =>
    (await controller.call('administrator', 'PATCH', 'accounts/deputy', { body })).status;
  expect(await change(grants(10))).toBe(200);
  const give = async (who: 'deputy' | 'chairman', over: object = {}) => {
    const body = { maxMinutes: 2, expiresAt: vietnam(300, '00:00'), ...over };
    return (await controller.post<StandingView>(who, `schedules/${schedule.id}/standing-approval`, body))
      .body;
  };
  const leave = await give('deputy');
  expect(leave).toMatchObject({ as: 'deputy', expiresAt: vietnam(10, '00:00'), state: 'in_force' });
  const parts = await give('deputy', { areas: [...HAMLETS] });
  const now = async () => {
    const { body } = await controller.get<{ standing: StandingView[] }>('viewer', 'standing-approvals');
    return new Map(body.standing.map((one) => [one.id, one]));
  };
  // His days are fewer: so are the leave's.
  expect(await change(grants(5))).toBe(200);
  expect((await now()).get(leave.id)).toMatchObject({ expiresAt: vietnam(5, '00:00'), state: 'in_force' });
  // He answers for one hamlet alone from now on.
  expect(await change(grants(5, [HAMLETS[0]]))).toBe(200);
  expect((await now()).get(leave.id)).toMatchObject({
    ...{ state: 'ended', endedBy: 'administrator', endedReason: 'who gave it answers there no more' },
  });
  expect((await now()).get(parts.id)).toMatchObject({ state: 'in_force', exceptAreas: [HAMLETS[1]] });
  const { slots } = controller.context.planSide;
  const inTime = (what: string, planned: boolean) =>
    until(what, async () => {
      await clock.advance(200);
      return slots.between(clock.now(), vietnam(1, '00:00')).length > 0 === planned;
    });
  await inTime('his hamlet', true);
  const ended = await controller.post('administrator', 'accounts/deputy/deactivate', { reason: 'thôi việc' });
  expect(ended.status).toBe(200);
  expect((await now()).get(parts.id)).toMatchObject({ state: 'ended' });
  await inTime('nothing by his word', false);
  const told = controller.context.services.events.read(0, 1_000) ?? [];
  const states = told
    .filter(({ event }) => event.name === 'approval.standing')
    .map(({ event }) => event.data);
  expect(states.at(-1)).toMatchObject({ standingId: parts.id, state: 'ended' });
  expect(await scheduling.audited('standing.end')).toHaveLength(2);

  // Another leader's stands, whoever else goes.
  const own = await give('chairman');
  expect(own.expiresAt).toBe(vietnam(300, '00:00'));
  await inTime('the chairman’s word', true);
  await controller.post('administrator', 'accounts/ap-1-chairman/deactivate', { reason: 'thôi việc' });
  expect((await now()).get(own.id)).toMatchObject({ state: 'in_force' });
});

it('settles at the start what earlier versions gave: by whom nobody is there, beyond an office, and without a longest session', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, id, schedule } = await morningSeries(150);
  await controller.call('editor', 'PATCH', `announcements/${id}`, { body: { title: 'Tin ngày mai' } });
  await controller.post('editor', `announcements/${id}/submit`, {});
  const body = { maxMinutes: 2, expiresAt: vietnam(300, '00:00') };
  const path = `schedules/${schedule.id}/standing-approval`;
  const { body: given } = await controller.post<StandingView>('chairman', path, body);
  const change = { grants: [{ role: 'deputy', areas: [COMMUNE], until: vietnam(9, '00:00') }] };
  await controller.call('administrator', 'PATCH', 'accounts/deputy', { body: change });
  // As such versions wrote them: nothing followed the giver, and nothing bounded a session.
  const { storage } = controller.context;
  const [as] = await storage.read.standing.live();
  if (as === undefined) throw new Error('no leave');
  const old = (name: string, over: Partial<StandingApproval>): StandingApproval => ({
    ...as,
    ...{ id: `sta_${name}`, terms: { ...as.terms, sessionMinutes: null }, ...over },
  });
  const before = [
    old('chairman', { maxMinutes: 3 }),
    old('machine', { by: 'machine-viewer', areas: [COMMUNE] }),
    old('clerk', { by: 'editor' }),
    old('moved', { by: 'other-chairman' }),
    old('deputy', { by: 'deputy' }),
    old('part', { by: 'ap-1-chairman', areas: [HAMLETS[0], HAMLETS[1]] }),
    old('expired', { by: 'editor', expiresAt: clock.now() - 1 }),
    old('gone', { by: 'chairman', scheduleId: 'sch_gone', maxMinutes: 7 }),
  ];
  await storage.transaction(async (tx) => {
    for (const one of before) await tx.standing.save(one);
  });
  const restart = async () => {
    await controller.stop();
    await controller.start({ clock });
    const { read } = controller.context.storage;
    const all = await Promise.all(before.map((one) => read.standing.get(one.id)));
    return Object.fromEntries(
      all.map((one) => [
        one?.id.slice(4),
        [one?.endedReason ?? one?.expiresAt, one?.terms.sessionMinutes, one?.exceptAreas.join()],
      ]),
    );
  };
  const settled = await restart();
  const nobody = 'who gave it answers there no more';
  const all = body.expiresAt;
  expect(settled).toEqual({
    chairman: [all, 3, ''],
    machine: [nobody, 3, ''],
    clerk: [nobody, 3, ''],
    moved: [nobody, 3, ''],
    deputy: [vietnam(9, '00:00'), 3, ''],
    part: [all, 3, HAMLETS[1]],
    expired: [clock.now() - 1, null, ''],
    gone: [all, 7, ''],
  });
  const audited = async () => {
    const entries = await controller.context.storage.read.audit.list(0, 10_000);
    return entries.filter(({ actor, action }) => actor === 'controller' && action.startsWith('standing.'));
  };
  const told = await audited();
  expect(told.filter(({ action }) => action === 'standing.end').map(({ subject }) => subject)).toEqual([
    ...['sta_clerk', 'sta_machine', 'sta_moved'],
  ]);
  expect(told.filter(({ action }) => action === 'standing.bound')).toHaveLength(7);
  // Once: the next start finds nothing to do.
  expect(await restart()).toEqual(settled);
  expect(await audited()).toEqual(told);
  expect(await controller.context.storage.read.standing.get(given.id)).toMatchObject({ endedAt: null });
});

it('lets no leave of now end at a start, whatever became of the grants by which it was given', {
  timeout: 90_000,
}, async () => {
  const { clock, controller, schedule } = await morningSeries(60);
  const given: StandingView[] = [];
  for (const who of ['deputy', 'chairman'] as const) {
    const body = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
    const path = `schedules/${schedule.id}/standing-approval`;
    given.push((await controller.post<StandingView>(who, path, body)).body);
  }
  await clock.advance(3_600_000);
  // Written anew after it was given: longer days for the one, and the other is a deputy from now on.
  const from = clock.now() - 1_000;
  const grant = { role: 'deputy', areas: [COMMUNE], from, until: vietnam(60, '00:00') };
  for (const who of ['deputy', 'chairman']) {
    const body = { grants: [grant] };
    const { status } = await controller.call('administrator', 'PATCH', `accounts/${who}`, { body });
    expect(status).toBe(200);
  }
  const now = async () => {
    const { read } = controller.context.storage;
    return Promise.all(given.map((one) => read.standing.get(one.id)));
  };
  const before = await now();
  expect(before.map((one) => [one?.endedAt, one?.expiresAt])).toEqual([
    [null, vietnam(20, '00:00')],
    [null, vietnam(20, '00:00')],
  ]);
  await controller.stop();
  await controller.start({ clock });
  expect(await now()).toEqual(before);
});
