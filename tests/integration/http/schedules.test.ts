import { describe, expect, it } from 'vitest';
import type { ProgrammeView, ScheduleChanged, SchedulePreview, ScheduleView } from '#protocols';
import { daily, once, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, type Problem } from './support.ts';

const DAY = 86_400_000;
type Parts = { readonly schedules: ScheduleView[] } & Problem;

describe('a schedule', { timeout: 60_000 }, () => {
  it('has the occurrences of its rule, with what is withheld and why', async () => {
    const { controller, scheduling } = await startMonday();
    const [first, second] = [await scheduling.announcement(60), await scheduling.announcement(30, {}, false)];
    const { body: programme } = await controller.post<ProgrammeView>('editor', 'programmes', {
      ...{ areaId: COMMUNE, title: 'Chương trình sáng', chime: 'chime' },
      items: [{ announcementId: first, gapMs: 2_000 }, { announcementId: second }],
    });
    const { status, body } = await scheduling.create('editor', {
      ...scheduling.wanted(first, daily('05:30')),
      content: { kind: 'programme', programmeId: programme.id },
    });
    expect([status, body.title, body.priority, body.start]).toEqual([
      ...[201, 'Chương trình sáng', 'normal'],
      { mode: 'instant', latenessMs: 300_000 },
    ]);
    const found = await scheduling.occurrences(body.id, vietnam(1, '00:00'), vietnam(3, '00:00'));
    expect(found.map(({ startsAt, endsAt, state }) => [startsAt, endsAt - startsAt, state])).toEqual([
      [vietnam(1, '05:30'), 62_500, 'planned'],
      [vietnam(2, '05:30'), 62_500, 'planned'],
    ]);
    expect(found[0]?.items.map(({ withheld, airTimeMs }) => [withheld?.code ?? null, airTimeMs])).toEqual([
      [null, 62_500],
      ['schedule.not_approved', null],
    ]);
    const list = await controller.get<Parts>('viewer', `schedules?area=${COMMUNE}`);
    expect(list.body.schedules.map(({ id }) => id)).toEqual([body.id]);
    const one = await controller.get<ScheduleView>('viewer', `schedules/${body.id}`);
    expect(one.body).toEqual(body);
    const retire = await controller.call<Problem>('editor', 'DELETE', `programmes/${programme.id}`, {
      body: {},
    });
    expect(retire.body.error.code).toBe('request.conflict');
  });

  it('is changed for one, for the following and for all, under the same broadcast ids', async () => {
    const { controller, scheduling } = await startMonday();
    const [a, b] = [await scheduling.announcement(60), await scheduling.announcement(30)];
    const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30')));
    const range = [vietnam(1, '00:00'), vietnam(6, '00:00')] as const;
    const before = await scheduling.occurrences(body.id, ...range);
    const change = (span: object, fields: object) =>
      controller.post<Parts>('editor', `schedules/${body.id}/change`, { span, change: fields });

    await change({ kind: 'following', originalAt: vietnam(4, '05:30') }, { gainDb: -3 });
    const later = { recurrence: once(2, '17:15'), title: 'Riêng hôm nay' };
    await change({ kind: 'one', originalAt: vietnam(2, '05:30') }, later);
    const after = await scheduling.occurrences(body.id, ...range);
    expect(after.map(({ startsAt }) => startsAt)).toEqual([
      ...[vietnam(1, '05:30'), vietnam(2, '17:15'), vietnam(3, '05:30')],
      ...[vietnam(4, '05:30'), vietnam(5, '05:30')],
    ]);
    const ids = (of: typeof before) => of.map(({ items }) => items[0]?.broadcastId);
    expect(ids(after)).toEqual(ids(before));
    expect(new Set(after.map(({ scheduleId }) => scheduleId)).size).toBe(4);

    const all = await change({ kind: 'all' }, { content: { kind: 'announcement', announcementId: b } });
    expect(all.status).toBe(200);
    const final = await scheduling.occurrences(body.id, ...range);
    expect(final.map(({ items }) => items[0]?.announcementId)).toEqual([b, b, b, b, b]);
    expect(final[1]?.startsAt).toBe(vietnam(2, '17:15'));
    expect((await scheduling.audited('schedule.change')).length).toBe(3);
    const gone = await change({ kind: 'one', originalAt: vietnam(2, '05:31') }, { gainDb: 0 });
    expect(gone.body.error.code).toBe('schedule.no_occurrence');
  });

  it('keeps what it has had when all of it is changed', async () => {
    const { clock, controller, scheduling } = await startMonday();
    const [a, b] = [await scheduling.announcement(60), await scheduling.announcement(30)];
    const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30')));
    await clock.advance(32 * 60_000);
    const change = {
      span: { kind: 'all' },
      change: { content: { kind: 'announcement', announcementId: b }, recurrence: daily('17:00') },
    };
    const { body: after } = await controller.post<Parts>('editor', `schedules/${body.id}/change`, change);
    expect(after.schedules.map(({ id }) => id === body.id)).toEqual([true, false]);
    const found = await scheduling.occurrences(body.id, vietnam(0, '00:00'), vietnam(2, '00:00'));
    expect(found.map(({ startsAt, state, items }) => [startsAt, state, items[0]?.announcementId])).toEqual([
      [vietnam(0, '05:30'), 'over', a],
      [vietnam(0, '17:00'), 'planned', b],
      [vietnam(1, '17:00'), 'planned', b],
    ]);
    const skip = { kind: 'skip', originalAt: vietnam(0, '05:30'), reason: 'x' };
    const late = await controller.post<Parts>('editor', `schedules/${body.id}/occurrences`, skip);
    expect(late.body.error.code).toBe('schedule.no_occurrence');
  });

  it('says which skips and moves hold no more when all of it has other hours', async () => {
    const { controller, scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy());
    const a = await scheduling.announcement(60);
    const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30', '17:00')));
    for (const [day, time] of [
      [1, '05:30'],
      [2, '17:00'],
    ] as const)
      await controller.post('editor', `schedules/${body.id}/occurrences`, {
        ...{ kind: 'skip', originalAt: vietnam(day, time), reason: 'đám tang' },
      });
    const change = (recurrence: object) =>
      controller.post<ScheduleChanged>('editor', `schedules/${body.id}/change`, {
        ...{ span: { kind: 'all' }, change: { recurrence } },
      });
    const first = await change(daily('05:35', '17:00'));
    expect(first.body.dropped).toMatchObject([
      { kind: 'skip', originalAt: vietnam(1, '05:30'), by: 'editor', reason: 'đám tang' },
    ]);
    const found = await scheduling.occurrences(body.id, vietnam(1, '00:00'), vietnam(3, '00:00'));
    expect(found.map(({ state }) => state)).toEqual(['planned', 'planned', 'planned', 'skipped']);
    const [entry] = (await scheduling.audited('schedule.change')).slice(-1);
    expect(JSON.parse(entry?.detail ?? '{}').dropped).toHaveLength(1);
    // It is told once: what held no more before is nobody's news.
    expect((await change(daily('05:40', '17:00'))).body.dropped).toEqual([]);
  });

  it('has occurrences skipped, postponed, put back and played again', async () => {
    const { controller, scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy());
    const a = await scheduling.announcement(60);
    const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30')));
    const act = (fields: object) =>
      controller.post<Parts>('editor', `schedules/${body.id}/occurrences`, { reason: 'đám tang', ...fields });
    const originalAt = vietnam(1, '05:30');

    await act({ kind: 'skip', originalAt });
    const [skipped] = await scheduling.occurrences(body.id, vietnam(1, '00:00'), vietnam(2, '00:00'));
    expect([skipped?.state, skipped?.items[0]?.withheld?.code, skipped?.change]).toMatchObject([
      ...['skipped', 'schedule.skipped'],
      { by: 'editor', reason: 'đám tang' },
    ]);
    const night = await act({ kind: 'move', originalAt, startsAt: vietnam(1, '03:15') });
    expect(night.body.error.code).toBe('policy.outside_window');
    const moved = await act({ kind: 'move', originalAt, startsAt: vietnam(1, '17:20') });
    expect(moved.status).toBe(200);
    const starts = async () =>
      (await scheduling.occurrences(body.id, vietnam(1, '00:00'), vietnam(2, '00:00'))).map(
        ({ startsAt, state }) => [startsAt, state],
      );
    expect(await starts()).toEqual([[vietnam(1, '17:20'), 'planned']]);
    await act({ kind: 'move', originalAt, startsAt: originalAt });
    expect(await starts()).toEqual([[originalAt, 'planned']]);

    const again = await act({ kind: 'again', originalAt, startsAt: vietnam(1, '17:40') });
    expect(again.body.schedules).toHaveLength(1);
    const [made] = again.body.schedules;
    expect(made).toMatchObject({ againOf: { seriesId: body.seriesId, originalAt } });
    const [extra] = await scheduling.occurrences(made?.id ?? '', vietnam(0, '00:00'), vietnam(9, '00:00'));
    expect([extra?.startsAt, extra?.seriesId === body.seriesId]).toEqual([vietnam(1, '17:40'), false]);
    expect(await starts()).toEqual([[originalAt, 'planned']]);
  });

  it('is paused, resumed and deleted', async () => {
    const { controller, scheduling } = await startMonday();
    const a = await scheduling.announcement(60);
    const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30')));
    const state = async () =>
      (await scheduling.occurrences(body.id, vietnam(1, '00:00'), vietnam(2, '00:00'))).map(
        (one) => one.items[0]?.withheld?.code ?? one.state,
      );
    const act = (verb: string) => controller.post<Parts>('editor', `schedules/${body.id}/${verb}`, {});
    expect((await act('pause')).body.schedules[0]?.pausedBy).toBe('editor');
    expect([await state(), (await act('pause')).body.error.code]).toEqual([
      ['schedule.paused'],
      'request.conflict',
    ]);
    await act('resume');
    expect([await state(), (await act('resume')).body.error.code]).toEqual([['planned'], 'request.conflict']);
    const gone = await controller.call<Parts>('editor', 'DELETE', `schedules/${body.id}`, { body: {} });
    expect([gone.status, await state()]).toEqual([200, []]);
    expect((await controller.get<Parts>('viewer', 'schedules')).body.schedules).toEqual([]);
    expect((await act('pause')).body.error.code).toBe('request.conflict');
  });

  it('that cannot be is refused', async () => {
    const { scheduling } = await startMonday();
    const a = await scheduling.announcement(60);
    const urgent = await scheduling.announcement(60, { priority: 'emergency' });
    const code = async (who: 'editor' | 'other editor', body: object) => {
      const answer = await scheduling.create(who, body);
      return [answer.status, answer.body.error?.code];
    };
    const { wanted } = scheduling;
    expect(await code('editor', wanted('ann_0', daily('05:30')))).toEqual([404, 'request.not_found']);
    expect(await code('editor', wanted(urgent, daily('05:30')))).toEqual([422, 'schedule.invalid']);
    expect(await code('editor', wanted(urgent, daily('05:30'), { priority: 'priority' }))).toEqual([
      ...[201, undefined],
    ]);
    expect(await code('editor', wanted(a, once(-1, '05:30')))).toEqual([422, 'schedule.invalid']);
    const cron = { kind: 'cron', expression: '99 99 * * *' } as const;
    expect(await code('editor', wanted(a, cron))).toEqual([422, 'schedule.invalid']);
    expect(await code('editor', wanted(a, daily('05:30'), { targets: {} }))).toEqual([
      409,
      'broadcast.no_targets',
    ]);
    const beyond = { targets: { areas: [COMMUNE, ELSEWHERE] } };
    expect(await code('editor', wanted(a, daily('05:30'), beyond))).toEqual([403, 'request.forbidden']);
    expect(await code('other editor', wanted(a, daily('05:30'), { areaId: ELSEWHERE }))).toEqual([
      ...[403, 'request.forbidden'],
    ]);
  });

  it('shows before it is saved what it would do, and saves nothing', async () => {
    const { controller, scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy());
    const a = await scheduling.announcement(300, { title: 'Bản tin cũ' });
    await scheduling.create('editor', scheduling.wanted(a, once(1, '05:32')));
    const { body } = await controller.post<SchedulePreview>(
      'editor',
      'schedules/preview',
      scheduling.wanted(a, daily('05:30', '06:28'), { title: 'Nháp' }),
    );
    expect(body.occurrences.filter(({ refused }) => refused === null).length).toBeGreaterThanOrEqual(59);
    const late = body.occurrences.find(({ startsAt }) => startsAt === vietnam(1, '06:28'));
    expect(late?.refused).toMatchObject({ code: 'policy.outside_window', params: { area: COMMUNE } });
    expect(body.conflicts).toMatchObject([
      {
        ...{ kind: 'equal', needsDecision: false, from: vietnam(1, '05:32'), to: vietnam(1, '05:35') },
        a: { scheduleId: null, title: 'Nháp', startsAt: vietnam(1, '05:30') },
        b: { title: 'Bản tin cũ', startsAt: vietnam(1, '05:32') },
      },
    ]);
    expect((await controller.get<Parts>('viewer', 'schedules')).body.schedules).toHaveLength(1);
  });

  it('is made once however often its request is sent', async () => {
    const { controller, scheduling } = await startMonday();
    const a = await scheduling.announcement(60);
    const wanted = scheduling.wanted(a, daily('05:30'));
    const send = () => controller.post<ScheduleView>('editor', 'schedules', wanted, 'one-schedule');
    const [one, two] = [await send(), await send()];
    expect(two.body).toEqual(one.body);
    expect((await controller.get<Parts>('viewer', 'schedules')).body.schedules).toHaveLength(1);
    expect(
      await scheduling.occurrences(one.body.id, vietnam(1, '00:00'), vietnam(1, '00:00') + DAY),
    ).toHaveLength(1);
  });
});
