import { describe, expect, it } from 'vitest';
import type { ScheduleView } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { once, policy, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, HAMLETS, type Problem } from './support.ts';

const RANGE = [vietnam(1, '00:00'), vietnam(2, '00:00')] as const;

async function commune() {
  const { controller, scheduling } = await startMonday();
  await scheduling.setPolicy(COMMUNE, policy());
  await controller.speaker('loa-1', HAMLETS[0]);
  await controller.speaker('loa-2', HAMLETS[1]);
  return { controller, scheduling };
}

describe('the calendar', { timeout: 60_000 }, () => {
  it('shows two equal items that overlap, and drops neither', async () => {
    const { controller, scheduling } = await commune();
    const a = await scheduling.announcement(120, { title: 'Nước sạch' });
    const b = await scheduling.announcement(120, { title: 'Tiêm chủng' });
    const one = await scheduling.create('editor', scheduling.wanted(a, once(1, '05:30')));
    const targets = { targets: { areas: [HAMLETS[1]] } };
    const two = await scheduling.create('editor', scheduling.wanted(b, once(1, '05:31'), targets));
    expect([one.status, two.status]).toEqual([201, 201]);
    const calendar = await scheduling.calendar(`area=${COMMUNE}`, ...RANGE);
    expect(calendar.items.map(({ title }) => title)).toEqual(['Nước sạch', 'Tiêm chủng']);
    expect(calendar.withheld).toEqual([]);
    expect(calendar.conflicts).toMatchObject([
      {
        ...{ kind: 'equal', needsDecision: false, from: vietnam(1, '05:31'), to: vietnam(1, '05:32') },
        ...{ a: { title: 'Nước sạch' }, b: { title: 'Tiêm chủng' }, speakerIds: ['loa-2'] },
      },
    ]);
    const played = new Map(
      calendar.classes.map(({ speakerIds, items }) => [
        speakerIds.join(),
        items.map(({ ranges, heldBackBy }) => [ranges[0]?.startedAt, heldBackBy?.code ?? null]),
      ]),
    );
    expect(played.get('loa-1')).toEqual([[vietnam(1, '05:30'), null]]);
    expect(played.get('loa-2')).toEqual([
      [vietnam(1, '05:30'), null],
      [vietnam(1, '05:32'), 'order.queued'],
    ]);
    const second = calendar.classes.flatMap(({ items }) => items).find((item) => item.heldBackBy !== null);
    expect(second?.heldBackBy).toMatchObject({ params: { other: 'Nước sạch' } });
    expect(calendar.notTold).toEqual(['loa-1', 'loa-2']);

    const mine = await scheduling.calendar('speaker=loa-1', ...RANGE);
    expect(mine.items.map(({ title }) => title)).toEqual(['Nước sạch']);
    expect(mine.conflicts).toEqual([]);
    await controller.post('editor', `schedules/${one.body.id}/pause`, {});
    const paused = await scheduling.calendar('speaker=loa-1', ...RANGE);
    expect(paused.withheld.map(({ reason }) => reason.code)).toEqual(['schedule.paused']);
  });

  it('asks a person for the order of two priority items; the decision is logged', async () => {
    const { controller, scheduling } = await commune();
    const priority = { priority: 'priority' };
    const a = await scheduling.announcement(120, { ...priority, title: 'Của xã' });
    const b = await scheduling.announcement(60, { ...priority, title: 'Của tỉnh', origin: 'source_system' });
    const ours = (await scheduling.create('editor', scheduling.wanted(a, once(1, '05:30')))).body;
    const theirs = (await scheduling.create('editor', scheduling.wanted(b, once(1, '05:30')))).body;
    const before = await scheduling.calendar(`area=${COMMUNE}`, ...RANGE);
    expect(before.conflicts).toMatchObject([
      { kind: 'priority', needsDecision: true, speakerIds: ['loa-1', 'loa-2'] },
    ]);
    // Unanswered, both are aired.
    expect(before.classes.map(({ items }) => items.map(({ reason }) => reason))).toEqual([[null, null]]);

    const originalAt = vietnam(1, '05:30');
    const decision = {
      first: { scheduleId: theirs.id, originalAt },
      second: { scheduleId: ours.id, originalAt },
    };
    const viewer = await controller.post<Problem>('viewer', 'collisions/decide', decision);
    expect(viewer.body.error.code).toBe('request.forbidden');
    const decided = await controller.post<{ schedules: ScheduleView[] }>(
      'editor',
      'collisions/decide',
      decision,
    );
    expect(decided.body.schedules[0]?.rule.changes).toMatchObject([
      { kind: 'move', originalAt, startsAt: vietnam(1, '05:31'), by: 'editor' },
    ]);
    const after = await scheduling.calendar(`area=${COMMUNE}`, ...RANGE);
    expect([after.conflicts, after.items.map(({ title }) => title)]).toEqual([[], ['Của tỉnh', 'Của xã']]);
    const [entry] = await scheduling.audited('schedule.decide');
    expect([entry?.actor, entry?.at !== undefined]).toEqual(['editor', true]);
    const normal = (
      await scheduling.create(
        'editor',
        scheduling.wanted(await scheduling.announcement(30), once(1, '05:30')),
      )
    ).body;
    const wrong = { ...decision, first: { scheduleId: normal.id, originalAt } };
    const refused = await controller.post<Problem>('editor', 'collisions/decide', wrong);
    expect(refused.body.error.code).toBe('schedule.invalid');
  });

  it('knows what was ordered by itself, and what holds at one loudspeaker', async () => {
    const { controller, scheduling } = await commune();
    const a = await scheduling.announcement(60, { title: 'Phát một lần' });
    const play = { announcementId: a, targets: { areas: [COMMUNE] }, startsAt: vietnam(1, '05:40') };
    const { body } = await controller.post<{ id: string }>('editor', 'broadcasts', play);
    const calendar = await scheduling.calendar(`area=${COMMUNE}`, ...RANGE);
    expect(calendar.items.map(({ broadcastId, title }) => [broadcastId, title])).toEqual([
      [body.id, 'Phát một lần'],
    ]);
    const mute = { mute: { reason: 'đám tang', until: null } };
    await controller.call('technician', 'PATCH', 'speakers/loa-1', { body: mute });
    const muted = await scheduling.calendar('speaker=loa-1', ...RANGE);
    expect(muted.classes[0]?.items[0]).toMatchObject({ ranges: [], reason: { code: 'order.muted' } });
  });

  it('is refused for others’ areas and for odd ranges', async () => {
    const { controller } = await commune();
    const ask = async (query: string) =>
      (await controller.get<Problem>('viewer', `calendar?${query}`)).body.error.code;
    const range = `from=${RANGE[0]}&to=${RANGE[1]}`;
    expect(await ask(`area=${ELSEWHERE}&${range}`)).toBe('request.forbidden');
    expect(await ask(`speaker=loa-9&${range}`)).toBe('request.not_found');
    expect(await ask(range)).toBe('request.invalid');
    expect(await ask(`area=${COMMUNE}&speaker=loa-1&${range}`)).toBe('request.invalid');
    expect(await ask(`area=${COMMUNE}&from=${RANGE[1]}&to=${RANGE[0]}`)).toBe('request.invalid');
    expect(await ask(`area=${COMMUNE}&from=0&to=${RANGE[0]}`)).toBe('request.invalid');
    const other = await controller.get<Problem>('other viewer', `calendar?speaker=loa-1&${range}`);
    expect(other.body.error.code).toBe('request.forbidden');
  });
});

describe('days', { timeout: 60_000 }, () => {
  it('have lunar dates and holidays with their tone', async () => {
    const { controller } = await startMonday();
    const { body } = await controller.get<{ days: { day: string; lunar: object; holidays: object[] }[] }>(
      'viewer',
      'lunar?from=2030-02-01&to=2030-02-02',
    );
    expect(body.days.map(({ day, lunar }) => [day, lunar])).toEqual([
      ['2030-02-01', { year: 2029, month: 12, leap: false, day: 29 }],
      ['2030-02-02', { year: 2030, month: 1, leap: false, day: 1 }],
    ]);
    expect(body.days.map(({ holidays }) => holidays)).toMatchObject([
      [{ name: 'Giao thừa', tone: 'chuc-mung' }],
      [{ id: 'tet-nguyen-dan', paid: true }],
    ]);
    const long = await controller.get<Problem>('viewer', 'lunar?from=2030-01-01&to=2032-01-01');
    expect(long.body.error.code).toBe('request.invalid');
  });

  it('are edited by the administrator alone, and kept', async () => {
    const { clock, controller, scheduling } = await startMonday();
    const table = DEFAULT_HOLIDAYS.map((one) =>
      one.id === 'van-hoa-viet-nam' ? { ...one, paid: true } : one,
    );
    const put = (who: 'administrator' | 'chairman', body: object) =>
      controller.call<Problem>(who, 'PUT', 'holidays', { body });
    expect((await put('chairman', table)).body.error.code).toBe('request.forbidden');
    expect((await put('administrator', [...table, table[0] ?? {}])).body.error.code).toBe(
      'document.malformed',
    );
    expect((await put('administrator', table)).body).toEqual(table);
    const [entry] = await scheduling.audited('holidays.replace');
    expect(JSON.parse(entry?.detail ?? '{}').changed).toMatchObject([{ id: 'van-hoa-viet-nam', paid: true }]);
    await controller.stop();
    await controller.start({ clock });
    expect((await controller.get('viewer', 'holidays')).body).toEqual(table);
  });
});
