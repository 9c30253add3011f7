import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { PlayOrderSchema, plannedItem, simulate } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { changeSeries } from '../../../server/domain/schedule/change-series.ts';
import type { Schedule } from '../../../server/domain/schedule/schedule.ts';
import { holding } from '../evaluate/examples.ts';
import {
  announcement,
  area,
  at,
  DAY,
  facts,
  item,
  MONDAY,
  programme,
  schedule,
  slotsOn,
} from './slot-samples.ts';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const codes = (one: Schedule, of = facts(), day = 0) =>
  slotsOn(one, of, day).withheld.map(({ code }) => code);

describe('the slots of a programme', () => {
  it('follow one another, the chime first', () => {
    const of = facts({
      programmes: [programme([item('a', 2_000), item('b', 500, 3), item('a')], { chime: 'chime' })],
      seconds: { a: 60, b: 10.0004 },
    });
    const { slots, withheld } = slotsOn(schedule(), of);
    expect(withheld).toEqual([]);
    const first = at(5, 30);
    const second = first + 2_500 + 60_000 + 2_000;
    const third = second + 3 * 10_001 + 2 * 500 + 500;
    expect(slots.map(({ startsAt, position }) => [startsAt, position])).toEqual([
      [first, 0],
      [second, 1],
      [third, 2],
    ]);
    expect(slots.map(({ order }) => order.prelude)).toEqual([[{ name: 'chime' }], [], []]);
    expect(slots.map(({ order }) => order.requires)).toEqual([
      ['order:play', 'content:file', 'prelude'],
      ['order:play', 'content:file', 'repeat'],
      ['order:play', 'content:file'],
    ]);
    expect(slots[1]?.order.repeat).toEqual({ count: 3, intervalMs: 500 });
    expect(new Set(slots.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  it('are play orders once the plan has added its own', () => {
    const { slots } = slotsOn(schedule({ gainDb: -3 }), facts());
    const plan = { id: 'ord_1', revision: 1, issuedAt: MONDAY };
    for (const { order, targets } of slots)
      expect(Compile(PlayOrderSchema).Check({ ...order, ...plan, targets })).toBe(true);
  });

  it('of two priority schedules sound in the order in which people made them, though one plan signs both', () => {
    const made = (id: string, createdAt: number) =>
      schedule({ id, seriesId: `ser_${id}`, priority: 'priority', createdAt, updatedAt: at(1) });
    const content = { kind: 'announcement' as const, announcementId: 'a' };
    const ids = ['a', 'b', 'c', 'd'];
    for (const asked of [ids, [...ids].reverse()]) {
      const slots = asked.flatMap((id, i) => slotsOn({ ...made(id, i), content }, facts()).slots);
      const items = slots.map(({ order, targets, broadcastId }) =>
        plannedItem({ ...order, id: broadcastId, revision: 1, issuedAt: MONDAY, targets }, null),
      );
      const heard = simulate(items, holding(), { from: MONDAY, to: MONDAY + DAY }).items;
      const starts = new Map(heard.map(({ id, ranges }) => [id, ranges[0]?.startedAt ?? 0]));
      const order = [...slots].sort(
        (a, b) => (starts.get(a.broadcastId) ?? 0) - (starts.get(b.broadcastId) ?? 0),
      );
      expect(order.map(({ scheduleId }) => scheduleId)).toEqual(asked);
    }
  });

  it('end inside the window however late they begin', () => {
    const content = { kind: 'announcement' as const, announcementId: 'a' };
    const late = (start: Schedule['start']) =>
      slotsOn(schedule({ start, content, afterInterruption: 'drop' }), facts()).slots[0];
    const limits = (start: Schedule['start']) => [late(start)?.latestStartAt, late(start)?.order.hardEndAt];
    expect(limits({ mode: 'instant', latenessMs: 300_000 })).toEqual([at(5, 35), at(5, 36) + 5_000]);
    expect(limits({ mode: 'after' })).toEqual([at(6, 29), at(6, 30)]);
    expect(limits({ mode: 'wait', minutes: 10 })).toEqual([at(5, 40), at(5, 41) + 5_000]);
    expect(limits({ mode: 'wait', minutes: 600 })).toEqual([at(6, 29), at(6, 30)]);
    expect(late({ mode: 'after' })?.order.window).toEqual({ opensAt: at(5, 30), closesAt: at(6, 30) });
  });

  it('may go on after an emergency until the window closes or the session may last no longer', () => {
    const ends = (of: ReturnType<typeof facts>, over: Partial<Schedule> = {}) =>
      slotsOn(schedule(over), of).slots.map(({ order }) => order.hardEndAt);
    expect(ends(facts())).toEqual([at(6, 30), at(6, 30)]);
    const policy = {
      windows: [{ days: EVERY_DAY, opens: '05:00', closes: '23:00' }],
      ...{ sessionMinutes: null, legalBasis: '' },
    };
    const short = { ...policy, sessionMinutes: 20 };
    const hamlets = [area('ap-1', 'xa', short), area('ap-2', 'xa')];
    expect(ends(facts({ areas: [area('xa', null, policy), ...hamlets] }))).toEqual([at(5, 50), at(5, 50)]);
    expect(ends(facts({ areas: [area('xa', null, policy)] }))[0]).toBe(at(17, 30));
    const leave = { by: 'chủ tịch', reason: 'bão' };
    expect(ends(facts(), { windowOverride: leave })[0]).toBe(at(5, 36) + 5_000);
  });

  it('lie in the window that all targets have open', () => {
    const narrow = {
      windows: [{ days: EVERY_DAY, opens: '05:00', closes: '06:00' }],
      sessionMinutes: null,
      legalBasis: '',
    };
    const of = facts({ areas: [area('xa', null), area('ap-1', 'xa', narrow), area('ap-2', 'xa')] });
    expect(slotsOn(schedule(), of).slots[0]?.order.window).toEqual({ opensAt: at(5, 30), closesAt: at(6) });
    const targets = { areas: ['xa'], speakers: [], excludeAreas: ['ap-1'], excludeSpeakers: [] };
    expect(slotsOn(schedule({ targets }), of).slots[0]?.order.window?.closesAt).toBe(at(6, 30));
    const named = { areas: [], speakers: ['loa-1'], excludeAreas: [], excludeSpeakers: [] };
    expect(slotsOn(schedule({ targets: named }), of).slots[0]?.order.window?.opensAt).toBe(at(5));
  });

  it('relay a station up to its hour, with the fallback', () => {
    const stream = { url: 'https://vov.example/vov1.mp3', station: 'VOV1', durationMs: 1_800_000 };
    const of = facts({
      announcements: [announcement('a', { stream })],
      programmes: [programme([item('a')])],
    });
    const [slot] = slotsOn(schedule(), of).slots;
    expect(slot?.order.content).toMatchObject({ kind: 'relay', ...stream, fallback: { durationMs: 60_000 } });
    expect([slot?.airTimeMs, slot?.order.hardEndAt]).toEqual([1_800_000, at(6) + 5_000]);
    expect(slot?.order.requires).toContain('content:relay');
  });
});

describe('what is withheld says why', () => {
  it('not approved, changed after approval, or without audio', () => {
    const of = facts({
      announcements: [
        announcement('a', { state: 'submitted' }),
        announcement('b'),
        announcement('c', { approvedSha256: 'f'.repeat(64) }),
        announcement('d', { mediaSha256: null }),
      ],
      programmes: [programme([item('a'), item('b'), item('c'), item('d'), item('e')])],
    });
    const { slots, withheld } = slotsOn(schedule(), of);
    expect(withheld.map(({ announcementId, code, position }) => [announcementId, code, position])).toEqual([
      ['a', 'schedule.not_approved', 0],
      ['c', 'schedule.not_approved', 2],
      ['d', 'schedule.not_approved', 3],
      ['e', 'request.not_found', 4],
    ]);
    // What is silent takes no time.
    expect(slots.map(({ announcementId, startsAt }) => [announcementId, startsAt])).toEqual([
      ['b', at(5, 30)],
    ]);
  });

  it('outside the windows', () => {
    const rule = {
      ...schedule().rule,
      recurrence: { kind: 'weekly' as const, days: EVERY_DAY, times: ['03:15'] },
    };
    expect(codes(schedule({ rule }))).toEqual(['policy.outside_window', 'policy.outside_window']);
    const windowOverride = { by: 'chairman', reason: 'bão số 9' };
    const { slots } = slotsOn(schedule({ rule, windowOverride }), facts());
    expect(slots.map(({ order }) => [order.window, order.windowOverride])).toEqual([
      [null, windowOverride],
      [null, windowOverride],
    ]);
    expect(slots[0]?.latestStartAt).toBe(at(3, 20));
  });

  it('longer than a session may be, relay counted', () => {
    const urban = {
      windows: [{ days: [1, 2, 3, 4, 5], opens: '05:00', closes: '08:00' }],
      sessionMinutes: 15,
      legalBasis: 'Quyết định 1387',
    };
    const areas = [area('xa', null, urban)];
    const long = facts({ areas, seconds: { a: 960 }, programmes: [programme([item('a')])] });
    expect(slotsOn(schedule(), long).withheld[0]).toMatchObject({
      code: 'policy.session_too_long',
      params: { minutes: 16, limit: 15, area: 'xa' },
    });
    const stream = { url: 'https://vov.example/vov1.mp3', station: 'VOV1', durationMs: 840_000 };
    const relay = facts({
      areas,
      announcements: [announcement('a', { stream }), announcement('b')],
      seconds: { b: 120 },
    });
    expect(codes(schedule(), relay)).toEqual(['policy.session_too_long', 'policy.session_too_long']);
    expect(codes(schedule(), facts({ areas }))).toEqual([]);
    expect(codes(schedule(), facts({ areas }), 5)).toEqual([
      'policy.outside_window',
      'policy.outside_window',
    ]);
  });

  it('paused, skipped, or for nobody', () => {
    expect(codes(schedule({ pausedAt: at(4), pausedBy: 'bích' }))).toEqual([
      'schedule.paused',
      'schedule.paused',
    ]);
    expect(codes(schedule({ pausedAt: at(7), pausedBy: 'bích' }))).toEqual([]);
    const skip = { kind: 'skip' as const, originalAt: at(5, 30), by: 'bích', reason: 'đám tang' };
    const { slots, withheld } = slotsOn(schedule({ rule: { ...schedule().rule, changes: [skip] } }), facts());
    expect(slots).toEqual([]);
    expect(withheld.map(({ code, params }) => [code, params['by']])).toEqual([
      ['schedule.skipped', 'bích'],
      ['schedule.skipped', 'bích'],
    ]);
    const gone = { areas: [], speakers: ['loa-9'], excludeAreas: [], excludeSpeakers: [] };
    expect(codes(schedule({ targets: gone }))).toEqual(['broadcast.no_targets', 'broadcast.no_targets']);
    expect(codes(schedule({ content: { kind: 'programme', programmeId: 'prg_9' } }))).toEqual([
      'request.not_found',
    ]);
  });
});

describe('broadcast ids', () => {
  const idsOf = (of: ReturnType<typeof facts>, parts: readonly Schedule[], day: number) =>
    new Map(
      parts
        .flatMap((part) => slotsOn(part, of, day).slots)
        .map(({ announcementId, position, broadcastId }) => [`${announcementId}${position}`, broadcastId]),
    );

  it('stay when the programme gets other items, and when one is moved', () => {
    const one = idsOf(facts(), [schedule()], 0);
    const more = facts({ programmes: [programme([item('c'), item('a'), item('b'), item('a')])] });
    const two = idsOf(more, [schedule()], 0);
    expect([two.get('a1'), two.get('b2')]).toEqual([one.get('a0'), one.get('b1')]);
    expect(new Set(two.values()).size).toBe(4);
    const move = { kind: 'move' as const, originalAt: at(5, 30), startsAt: at(6), by: 'x', reason: '' };
    const moved = schedule({ rule: { ...schedule().rule, changes: [move] } });
    expect(idsOf(facts(), [moved], 0)).toEqual(one);
  });

  it('stay through every split of the series, and each occurrence is there once', () => {
    const of = facts();
    const calendar = { zone: 'Asia/Ho_Chi_Minh', holidays: DEFAULT_HOLIDAYS, now: at(12) };
    const context = {
      actor: { kind: 'person' as const, name: 'bích', grants: [{ role: 'editor' as const, areas: ['xa'] }] },
      facts: of,
      calendar,
    };
    const before = [0, 1, 2, 3, 4].map((day) => idsOf(of, [schedule()], day));
    const split = (span: Parameters<typeof changeSeries>[1]) =>
      changeSeries([schedule()], span, { gainDb: -6 }, context).map((part) => part.schedule);
    const gains = (parts: readonly Schedule[]) =>
      [0, 1, 2, 3, 4].map(
        (day) => parts.flatMap((part) => slotsOn(part, of, day).slots)[0]?.order.volume.gainDb,
      );
    const spans = [
      [{ kind: 'all' as const }, [0, -6, -6, -6, -6], 2],
      [{ kind: 'following' as const, originalAt: at(5, 30, 2) }, [0, 0, -6, -6, -6], 2],
      [{ kind: 'one' as const, originalAt: at(5, 30, 3) }, [0, 0, 0, -6, 0], 3],
    ] as const;
    for (const [span, expected, count] of spans) {
      const parts = split(span);
      expect(parts).toHaveLength(count);
      expect(new Set(parts.map(({ id }) => id)).size).toBe(count);
      expect([0, 1, 2, 3, 4].map((day) => idsOf(of, parts, day))).toEqual(before);
      expect(gains(parts)).toEqual(expected);
    }
  });

  it('of a series that begins ahead: nothing is split, the part itself changes', () => {
    const calendar = { zone: 'Asia/Ho_Chi_Minh', holidays: DEFAULT_HOLIDAYS, now: MONDAY + 1 };
    const context = {
      ...{
        actor: {
          kind: 'person' as const,
          name: 'bích',
          grants: [{ role: 'editor' as const, areas: ['xa'] }],
        },
        facts: facts(),
        calendar,
      },
    };
    const all = changeSeries([schedule()], { kind: 'all' }, { gainDb: -6 }, context);
    expect(all.map((part) => [part.schedule.id, part.schedule.gainDb])).toEqual([['sch_1', -6]]);
    const one = changeSeries([schedule()], { kind: 'one', originalAt: at(5, 30) }, { gainDb: -6 }, context);
    expect(one).toHaveLength(2);
    expect(one.find((part) => part.schedule.id === 'sch_1')?.schedule.gainDb).toBe(0);
  });

  it('an earlier hour from this day on is of this day too', () => {
    const calendar = { zone: 'Asia/Ho_Chi_Minh', holidays: DEFAULT_HOLIDAYS, now: at(4) };
    const context = {
      ...{
        actor: {
          kind: 'person' as const,
          name: 'bích',
          grants: [{ role: 'editor' as const, areas: ['xa'] }],
        },
        facts: facts(),
        calendar,
      },
    };
    const recurrence = { kind: 'weekly' as const, days: EVERY_DAY, times: ['05:00', '17:00'] };
    const parts = changeSeries(
      [schedule()],
      { kind: 'following', originalAt: at(5, 30, 1) },
      { recurrence, windowOverride: { reason: 'x' } },
      context,
    ).map((part) => part.schedule);
    const starts = [0, 1, 2].map((day) =>
      parts
        .flatMap((part) => slotsOn(part, facts(), day).slots)
        .map(({ startsAt }) => (startsAt - MONDAY) % DAY),
    );
    const hours = starts.map((day) => [...new Set(day.map((ms) => Math.floor(ms / 600_000) / 6))]);
    expect(hours).toEqual([[5.5], [5, 17], [5, 17]]);
  });
});
