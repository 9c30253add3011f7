import { expect, it } from 'vitest';
import type { Announcement } from '../../../server/domain/announcements/announcement.ts';
import type { StandingApproval } from '../../../server/domain/announcements/standing-approval.ts';
import type { Schedule } from '../../../server/domain/schedule/schedule.ts';
import { composedMs } from '../../../server/domain/schedule/series-leaves.ts';
import { templateOf } from '../../../server/domain/schedule/session-template.ts';
import {
  announcement,
  at,
  DAY,
  facts,
  item,
  programme,
  schedule,
  slotsOn,
} from '../schedule/slot-samples.ts';

const DAILY = schedule({ content: { kind: 'announcement', announcementId: 'a' } });

/** Of the chairman, for the commune: files of at most two minutes, as the schedule of the samples is. */
const standing = (over: Partial<StandingApproval> = {}): StandingApproval => ({
  ...{ id: 'sta_1', seriesId: 'ser_1', scheduleId: 'sch_1', areaId: 'xa', title: 'Sáng' },
  ...{ areas: ['xa'], exceptAreas: [], editors: null, maxMinutes: 2, note: '', by: 'chairman' },
  ...{ as: null, at: 0 },
  terms: {
    ...{ files: true, streams: [], fallbacks: [], priority: 'normal', recurrence: DAILY.rule.recurrence },
    ...{ targets: DAILY.targets, outsideWindows: false, sessionMinutes: 2 },
  },
  ...{ expiresAt: at(0) + 30 * DAY, endedAt: null, endedBy: null, endedAs: null, endedReason: null },
  ...over,
});
/** Handed in, and approved by nobody. */
const submitted = (over: Partial<Announcement> = {}) =>
  announcement('a', { state: 'submitted', decisions: [], approvedSha256: null, ...over });

/** Where it is planned on that Monday, and why not. */
function planned(
  { one = submitted(), of = DAILY, leave = standing(), seconds = 60 } = {} as {
    one?: Announcement;
    of?: Schedule;
    leave?: StandingApproval;
    seconds?: number;
  },
) {
  const made = slotsOn(of, facts({ announcements: [one], standing: [leave], seconds: { a: seconds } }));
  return [
    ...made.slots.map(({ targets }) => targets.areas.concat(targets.excludeAreas.map((id) => `-${id}`))),
    ...made.withheld.map(({ code }) => code),
  ];
}

const NOT = ['schedule.not_approved'];

it('lets what was handed in air as the series was, and neither drafts nor what was sent back', () => {
  expect(planned()).toEqual([['xa']]);
  for (const state of ['draft', 'rejected', 'withdrawn'] as const)
    expect([state, planned({ one: submitted({ state }) })]).toEqual([state, NOT]);
});

it('does not go beyond its kind, length, station, editors and giver', () => {
  const stream = { url: 'https://vov.example/vov1.mp3', station: 'VOV1', durationMs: 60_000 };
  const relay = submitted({ stream, mediaSha256: null });
  expect(planned({ one: relay })).toEqual(NOT);
  const { terms } = standing();
  const streams = ['https://vov.example/vov1.mp3'];
  expect(planned({ one: relay, leave: standing({ terms: { ...terms, streams } }) })).toEqual([['xa']]);
  expect(planned({ seconds: 121 })).toEqual(NOT);
  expect(planned({ one: submitted({ areaId: 'elsewhere' }) })).toEqual(NOT);
  expect(planned({ one: submitted({ priority: 'priority' }) })).toEqual(NOT);
  expect(planned({ leave: standing({ editors: ['lan'] }) })).toEqual(NOT);
  expect(planned({ leave: standing({ editors: ['bích', 'lan'] }) })).toEqual([['xa']]);
  expect(planned({ one: submitted({ composers: ['bích', 'chairman'] }) })).toEqual(NOT);
  const own = submitted({ composers: ['chairman'], recordedBy: 'chairman' });
  expect(planned({ one: own })).toEqual([['xa']]);
});

it('covers a relay of the very streams that the series had, and no other file in place of one', () => {
  const url = 'https://vov.example/vov1.mp3';
  const relay = (at: string, mediaSha256: string | null = null) =>
    submitted({ stream: { url: at, station: 'VOV1', durationMs: 60_000 }, mediaSha256 });
  const { mediaSha256: file } = submitted();
  const airs = (one: Announcement, over: Partial<StandingApproval['terms']> = {}) => {
    const relays = { files: false, streams: [url], fallbacks: [], ...over };
    return planned({ one, leave: standing({ terms: { ...standing().terms, ...relays } }) });
  };
  expect(airs(relay(url))).toEqual([['xa']]);
  expect(airs(relay('https://VOV.example:443/vov1.mp3'))).toEqual([['xa']]);
  for (const other of ['dead.mp3', 'vov2.mp3', 'vov1.mp3?mount=2'])
    expect([other, airs(relay(`https://vov.example/${other}`))]).toEqual([other, NOT]);
  // It would sound in full as soon as the stream cannot be had.
  expect(airs(relay(url, file))).toEqual(NOT);
  expect(airs(relay(url, file), { fallbacks: ['another'] })).toEqual(NOT);
  expect(airs(relay(url, file), { fallbacks: [file ?? ''] })).toEqual([['xa']]);
  expect(airs(relay(url, file), { files: true })).toEqual([['xa']]);
});

it('covers no longer a session than it says, whoever approved the rest of it, and says that this is why', () => {
  const of = schedule();
  const { terms } = standing();
  const items = (gapMs: number, repeat = 1) => [programme([item('a', gapMs, repeat), item('b')])];
  const made = (sessionMinutes: number | null, programmes = items(1_000), b = announcement('b')) =>
    slotsOn(
      of,
      facts({
        ...{ announcements: [submitted(), b], programmes, seconds: { b: 59 } },
        standing: [standing({ terms: { ...terms, sessionMinutes } })],
      }),
    );
  const sounds = (...how: Parameters<typeof made>) =>
    made(...how).slots.map(({ announcementId }) => announcementId);
  // A minute, a second, and 59 seconds.
  expect(sounds(2)).toEqual(['a', 'b']);
  expect(sounds(2, items(1_001))).toEqual(['b']);
  expect(sounds(2, items(1_000, 2))).toEqual(['b']);
  expect(sounds(4, items(1_000, 2))).toEqual(['a', 'b']);
  // What nobody approved, and does not sound, counts as it is composed: it may be approved later.
  expect(sounds(1, items(1_000), announcement('b', { state: 'draft' }))).toEqual([]);
  expect(sounds(2, items(1_000), announcement('b', { state: 'draft' }))).toEqual(['a']);
  expect(made(2, items(1_001)).withheld).toMatchObject([
    {
      ...{ announcementId: 'a', code: 'approval.session_too_long', missing: ['xa'] },
      params: { announcementId: 'a', minutes: 3, limit: 2 },
    },
  ]);
  // What no leave is for is not approved, however long the session.
  const draft = slotsOn(
    of,
    facts({
      ...{ announcements: [submitted({ state: 'draft' }), announcement('b')], programmes: items(1_001) },
      standing: [standing()],
    }),
  );
  expect(draft.withheld).toMatchObject([{ announcementId: 'a', code: 'schedule.not_approved' }]);
  // Given before it was bounded, and not settled yet.
  expect(sounds(null)).toEqual(['b']);
});

it('is as long as it is composed: chime, repetitions, gaps, and relays that are not repeated', () => {
  const stream = { url: 'https://vov.example/vov1.mp3', station: 'VOV1', durationMs: 90_000 };
  const relay = announcement('b', { stream, mediaSha256: null });
  const of = schedule();
  const silent = announcement('c', { mediaSha256: null });
  const all = [programme([item('c'), item('a', 500, 3), item('b', 700, 2)], { chime: 'chime' })];
  const found = facts({ announcements: [announcement('a'), relay, silent], programmes: all });
  const { lengthMs } = templateOf(of, found);
  expect(composedMs(of, found)).toBe(lengthMs);
  expect(lengthMs).toBeGreaterThan(3 * 60_000 + 2 * 500 + 500 + 90_000);
});

it('ends with its time, and where it was ended or taken back', () => {
  expect(planned({ leave: standing({ expiresAt: at(5, 30) }) })).toEqual(NOT);
  expect(planned({ leave: standing({ expiresAt: at(5, 30) + 1 }) })).toEqual([['xa']]);
  expect(planned({ leave: standing({ endedAt: 1 }) })).toEqual(NOT);
  expect(planned({ leave: standing({ seriesId: 'ser_2' }) })).toEqual(NOT);
  expect(planned({ leave: standing({ exceptAreas: ['ap-1'] }) })).toEqual([['xa', '-ap-1']]);
  // A "no" to this very announcement stands above it.
  const no = { areaId: 'ap-2', verdict: 'rejected' as const, by: 'x', as: null, at: 0, reason: 'x' };
  expect(planned({ one: submitted({ decisions: [no] }) })).toEqual([['xa', '-ap-2']]);
});

it('covers fewer people and fewer hours, and no others', () => {
  const { targets, rule } = DAILY;
  const to = (over: object) => ({ ...DAILY, targets: { ...targets, ...over } });
  const weekly = (days: number[], times: string[]) => ({
    ...DAILY,
    rule: { ...rule, recurrence: { kind: 'weekly' as const, days, times } },
  });
  expect(planned({ of: to({ areas: ['ap-1'] }) })).toEqual([['ap-1']]);
  expect(planned({ of: weekly([1], ['05:30']) })).toEqual([['xa']]);
  expect(planned({ of: weekly([1], ['05:45']) })).toEqual(NOT);
  expect(planned({ of: { ...DAILY, priority: 'priority' } })).toEqual(NOT);
  expect(planned({ of: { ...DAILY, windowOverride: { by: 'x', reason: 'x' } } })).toEqual(NOT);
  const narrow = standing({ terms: { ...standing().terms, targets: { ...targets, areas: ['ap-1'] } } });
  expect(planned({ leave: narrow })).toEqual(NOT);
  const move = { kind: 'move' as const, originalAt: at(5, 30), startsAt: at(5, 40), by: 'x', reason: '' };
  expect(planned({ of: { ...DAILY, rule: { ...rule, changes: [move] } } })).toEqual(NOT);
});

it('a fallback sounds where nothing of the session is approved, once it is approved itself', () => {
  const fallback = announcement('f');
  const of = { ...DAILY, fallbackId: 'f' };
  const yes = (areaId: string) => ({
    areaId,
    verdict: 'approved' as const,
    by: 'x',
    as: null,
    at: 0,
    reason: null,
  });
  const made = (one: Announcement, instead: Announcement = fallback) =>
    slotsOn(of, facts({ announcements: [one, instead] }));
  const { slots, withheld } = made(submitted());
  expect(withheld).toMatchObject([{ announcementId: 'a', code: 'schedule.not_approved', missing: ['xa'] }]);
  expect(slots).toMatchObject([
    { announcementId: 'f', position: 0, startsAt: at(5, 30), insteadOf: withheld[0]?.broadcastId },
  ]);
  expect(slots[0]?.broadcastId).not.toBe(withheld[0]?.broadcastId);
  expect(made(announcement('a')).slots).toMatchObject([{ announcementId: 'a', insteadOf: null }]);
  // One hamlet approved it: there it sounds, in the other the fallback.
  const half = made(announcement('a', { decisions: [yes('ap-1')] }), fallback);
  expect(half.slots.map(({ announcementId, targets }) => [announcementId, targets.areas])).toEqual([
    ['a', ['ap-1']],
    ['f', ['ap-2']],
  ]);
  const neither = made(submitted(), announcement('f', { state: 'submitted' }));
  expect(neither.slots).toEqual([]);
  expect(neither.withheld.map(({ announcementId }) => announcementId)).toEqual(['a', 'f']);
});
