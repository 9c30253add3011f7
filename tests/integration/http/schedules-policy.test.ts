import { describe, expect, it } from 'vitest';
import type { ScheduleView } from '#protocols';
import { ROLES } from '../../../server/domain/accounts/roles.ts';
import { daily, once, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, HAMLETS, type Problem } from './support.ts';

/** Days of the next week, from the Monday of the tests. */
const [MONDAY, SATURDAY] = [7, 12];

describe('windows', { timeout: 60_000 }, () => {
  it('refuse 03:15 for every role, technicians included; only the chairman or his deputy gives leave, with a reason', async () => {
    const { controller, scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy());
    await controller.speaker('loa-1', HAMLETS[0]);
    const a = await scheduling.announcement(60);
    const leave = { windowOverride: { reason: 'báo bão' } };
    for (const role of ROLES)
      for (const over of [{}, leave]) {
        const wanted = scheduling.wanted(a, once(1, '03:15'), over);
        const { status, body } = await scheduling.create(role, wanted);
        const leads = role === 'chairman' || role === 'deputy';
        const mayWrite = role === 'editor' || leads;
        const expected = mayWrite && over !== leave ? 'policy.outside_window' : 'request.forbidden';
        const allowed = leads && over === leave;
        expect([role, status, body.error?.code]).toEqual(
          allowed ? [role, 201, undefined] : [role, status, expected],
        );
        const play = { announcementId: a, targets: { areas: [COMMUNE] }, startsAt: vietnam(1, '03:15') };
        const now = await controller.post<Problem>(role, 'broadcasts', { ...play, ...over });
        expect([role, now.body.error?.code]).toEqual([role, allowed ? undefined : expected]);
      }
    const [entry] = await scheduling.audited('schedule.create');
    expect([entry?.actor, JSON.parse(entry?.detail ?? '{}')]).toMatchObject(['chairman', leave]);
    const { schedules } = (await controller.get<{ schedules: ScheduleView[] }>('viewer', 'schedules')).body;
    // Both are of the same instant of the tests' clock: their order says nothing.
    const leaves = schedules.map(({ windowOverride }) => `${windowOverride?.by}: ${windowOverride?.reason}`);
    expect(leaves.sort()).toEqual(['chairman: báo bão', 'deputy: báo bão']);
    const schedule = schedules.find(({ windowOverride }) => windowOverride?.by === 'chairman');
    // What the chairman allowed is not for others to put elsewhere.
    const move = {
      kind: 'move',
      originalAt: vietnam(1, '03:15'),
      startsAt: vietnam(1, '02:00'),
      reason: 'x',
    };
    const moved = await controller.post<Problem>('editor', `schedules/${schedule?.id}/occurrences`, move);
    expect(moved.body.error.code).toBe('request.forbidden');
  });

  it('of an urban ward refuse 16 minutes where 15 are allowed, and the weekend without leave', async () => {
    const { scheduling } = await startMonday();
    await scheduling.setPolicy(
      COMMUNE,
      policy({
        windows: [{ days: [1, 2, 3, 4, 5], opens: '05:00', closes: '18:00' }],
        ...{ sessionMinutes: 15, sessionsPerDay: 2, legalBasis: 'Quyết định 1387/QĐ-UBND' },
      }),
    );
    const [long, short] = [await scheduling.announcement(960), await scheduling.announcement(900)];
    const create = (id: string, days: number, over = {}) =>
      scheduling.create('chairman', scheduling.wanted(id, once(days, '07:00'), over));
    expect((await create(long, MONDAY)).body.error).toMatchObject({
      code: 'policy.session_too_long',
      params: { minutes: 16, limit: 15 },
    });
    expect((await create(short, MONDAY)).status).toBe(201);
    expect((await create(short, SATURDAY)).body.error.code).toBe('policy.outside_window');
    const special = { windowOverride: { reason: 'Đại hội Đảng bộ' } };
    expect((await create(short, SATURDAY, special)).status).toBe(201);
  });

  it('count the relay of other stations', async () => {
    const { controller, scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy({ sessionMinutes: 45 }));
    const stream = { url: 'https://vov.example/vov1.mp3', station: 'VOV1', durationMs: 30 * 60_000 };
    const [relay, news] = [await scheduling.announcement(60, { stream }), await scheduling.announcement(960)];
    const programme = async (items: string[]) => {
      const body = {
        areaId: COMMUNE,
        title: 'x',
        items: items.map((announcementId) => ({ announcementId })),
      };
      const made = await controller.post<{ id: string }>('editor', 'programmes', body);
      return { content: { kind: 'programme', programmeId: made.body.id } };
    };
    const create = (over: object) =>
      scheduling.create('editor', scheduling.wanted(relay, daily('05:30'), over));
    expect((await create(await programme([relay, news]))).body.error).toMatchObject({
      code: 'policy.session_too_long',
      params: { minutes: 47, limit: 45 },
    });
    expect((await create(await programme([relay]))).status).toBe(201);
    // Ten minutes after the relay it is still the same session.
    const later = scheduling.wanted(news, daily('06:05'));
    expect((await scheduling.create('editor', later)).body.error.code).toBe('policy.session_too_long');
  });

  it('hold no more sessions a day than allowed, in any hamlet that is meant', async () => {
    const { scheduling } = await startMonday();
    await scheduling.setPolicy(COMMUNE, policy());
    await scheduling.setPolicy(HAMLETS[1], policy({ sessionsPerDay: 2 }));
    const a = await scheduling.announcement(60);
    const create = (times: string[], over = {}) =>
      scheduling.create('editor', scheduling.wanted(a, daily(...times), over));
    expect((await create(['05:30', '17:00'])).status).toBe(201);
    expect((await create(['17:30'])).body.error).toMatchObject({
      code: 'policy.too_many_sessions',
      params: { count: 3, limit: 2, area: HAMLETS[1] },
    });
    // Right after a session it is the same one; and the other hamlet has no limit.
    expect((await create(['17:05'])).status).toBe(201);
    const others = { targets: { areas: [COMMUNE], excludeAreas: [HAMLETS[1]] } };
    expect((await create(['17:30'], others)).status).toBe(201);
  });
});
