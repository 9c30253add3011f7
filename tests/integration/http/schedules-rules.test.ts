import { describe, expect, it } from 'vitest';
import type { AreaView, BroadcastView, CalendarView, ProgrammeView } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { daily, once, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, HAMLETS, type Problem } from './support.ts';

const HOUR = 3_600_000;
const onHoliday = (id: string) => ({
  kind: 'holiday' as const,
  ...{ holidays: [id], dayOffset: 0, times: ['05:30'] },
});

describe('a holiday', { timeout: 60_000 }, () => {
  it('that a schedule names is not taken out of the table', async () => {
    const { controller, scheduling } = await startMonday();
    const a = await scheduling.announcement(60);
    const [named] = DEFAULT_HOLIDAYS;
    const rule = onHoliday(named?.id ?? '');
    const { body } = await scheduling.create('editor', scheduling.wanted(a, rule));
    const rest = DEFAULT_HOLIDAYS.filter(({ id }) => id !== named?.id);
    const put = () => controller.call<Problem>('administrator', 'PUT', 'holidays', { body: rest });
    const { status, body: refused } = await put();
    expect([status, refused.error.code]).toEqual([409, 'request.conflict']);
    expect(refused.error.message).toContain(body.id);
    await controller.call('editor', 'DELETE', `schedules/${body.id}`, { body: {} });
    expect((await put()).status).toBe(200);
  });

  it('that the table lacks is withheld with why, and keeps nobody from planning', async () => {
    const { controller, scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy({ sessionsPerDay: 3 }));
    const a = await scheduling.announcement(60);
    const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30')));
    const { storage } = controller.context;
    const stored = await storage.read.schedules.get(body.id);
    if (stored === null) throw new Error('no schedule');
    const recurrence = onHoliday('khong-co');
    const broken = { ...stored, rule: { ...stored.rule, recurrence } };
    await storage.transaction((tx) => tx.schedules.save(broken));
    const other = await scheduling.create('editor', scheduling.wanted(a, daily('17:00')));
    expect(other.status).toBe(201);
    const path = `calendar?area=${COMMUNE}&from=${vietnam(1, '00:00')}&to=${vietnam(3, '00:00')}`;
    const calendar = await controller.get<CalendarView>('viewer', path);
    expect(calendar.status).toBe(200);
    expect(calendar.body.items).toHaveLength(2);
    expect(calendar.body.withheld.map(({ scheduleId, reason }) => [scheduleId, reason.code])).toEqual([
      [body.id, 'schedule.invalid'],
      [body.id, 'schedule.invalid'],
    ]);
    const again = { span: { kind: 'all' }, change: { recurrence: daily('06:00') } };
    const mended = await controller.post(`editor`, `schedules/${body.id}/change`, again);
    expect(mended.status).toBe(200);
  });

  it('and the clock are for who has the whole territory', async () => {
    const { controller } = await startMonday();
    const { areaDirectory } = controller.context.services;
    areaDirectory.put({ ...areaDirectory.tree.get(ELSEWHERE), parentId: COMMUNE });
    for (const [method, path, body] of [
      ['PUT', 'holidays', DEFAULT_HOLIDAYS],
      ['POST', 'system/clock/confirm', {}],
    ] as const) {
      const refused = await controller.call<Problem>('other administrator', method, path, { body });
      expect([path, refused.body.error?.code]).toEqual([path, 'request.forbidden']);
      expect((await controller.call('administrator', method, path, { body })).status).toBe(200);
    }
  });
});

it('a series keeps its wall times when its area has other clocks, and airs nothing twice', {
  timeout: 60_000,
}, async () => {
  const { clock, controller, scheduling } = await startMonday();
  const a = await scheduling.announcement(60);
  const { body } = await scheduling.create('editor', scheduling.wanted(a, daily('05:30')));
  const skip = { kind: 'skip', originalAt: vietnam(1, '05:30'), reason: 'họp' };
  await controller.post('editor', `schedules/${body.id}/occurrences`, skip);
  await clock.advance(45 * 60_000);
  const range = [vietnam(0, '00:00'), vietnam(3, '00:00')] as const;
  const [aired] = await scheduling.occurrences(body.id, ...range);
  const change = { zone: 'Asia/Dhaka' };
  const changed = await controller.call<AreaView>('administrator', 'PATCH', `areas/${COMMUNE}`, {
    body: change,
  });
  expect(changed.body.zone).toBe('Asia/Dhaka');
  const after = await scheduling.occurrences(body.id, ...range);
  expect(after.map(({ startsAt, state }) => [startsAt, state])).toEqual([
    [vietnam(0, '05:30'), 'over'],
    [vietnam(1, '05:30') + HOUR, 'skipped'],
    [vietnam(2, '05:30') + HOUR, 'planned'],
  ]);
  expect(after[0]?.items[0]?.broadcastId).toBe(aired?.items[0]?.broadcastId);
  expect(await scheduling.audited('schedules.follow_zone')).toHaveLength(1);
});

it('a programme is not changed into what the schedules that air it would not have been given', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  await scheduling.setPolicy(COMMUNE, policy());
  const [short, long] = [await scheduling.announcement(60), await scheduling.announcement(7_200)];
  const { body: programme } = await controller.post<ProgrammeView>('editor', 'programmes', {
    ...{ areaId: COMMUNE, title: 'Sáng', items: [{ announcementId: short }] },
  });
  const content = { kind: 'programme', programmeId: programme.id };
  const day = { ...scheduling.wanted(short, daily('05:30')), content };
  const { body: morning } = await scheduling.create('editor', day);
  const change = (who: 'editor' | 'chairman', fields: object) =>
    controller.call<BroadcastView & Problem>(who, 'PATCH', `programmes/${programme.id}`, { body: fields });
  const longer = await change('editor', { items: [{ announcementId: long }] });
  expect(longer.body.error).toMatchObject({
    code: 'policy.outside_window',
    params: { schedule: morning.id, withheld: 60 },
  });
  expect((await change('editor', { items: [{ announcementId: short, repeat: 2 }] })).status).toBe(200);

  const override = { windowOverride: { reason: 'báo bão' } };
  const night = { ...scheduling.wanted(short, once(1, '03:15'), override), content };
  expect((await scheduling.create('chairman', night)).status).toBe(201);
  const items = { items: [{ announcementId: short, repeat: 3 }] };
  expect((await change('editor', items)).body.error.code).toBe('request.forbidden');
  expect((await change('editor', { title: 'Buổi sáng' })).status).toBe(200);
  expect((await change('chairman', items)).status).toBe(200);
});

it('radio staff and the chairman silence a loudspeaker for a funeral, and change nothing else of it', {
  timeout: 60_000,
}, async () => {
  const { controller } = await startMonday();
  await controller.speaker('loa-1', HAMLETS[0]);
  const change = (who: Parameters<typeof controller.call>[0], body: object) =>
    controller.call<Problem>(who, 'PATCH', 'speakers/loa-1', { body });
  const mute = { reason: 'tang lễ', until: null };
  for (const who of ['editor', 'chairman', 'technician', 'administrator'] as const) {
    expect([who, (await change(who, { mute })).status]).toEqual([who, 200]);
    expect([who, (await change(who, { mute: null })).status]).toEqual([who, 200]);
    const staff = who === 'editor' || who === 'chairman';
    for (const more of [{ gainDb: -3 }, { mute, gainDb: -3 }, { maintenance: mute }])
      expect([who, more, (await change(who, more)).status]).toEqual([who, more, staff ? 403 : 200]);
  }
  expect((await change('viewer', { mute })).status).toBe(403);
  expect((await change('other editor', { mute })).status).toBe(403);
});
