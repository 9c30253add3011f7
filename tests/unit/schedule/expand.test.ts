import { describe, expect, it } from 'vitest';
import type { OccurrenceChange, Recurrence, ScheduleRule } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { checkRule } from '../../../server/domain/schedule/check-rule.ts';
import { expandRule, explainRule } from '../../../server/domain/schedule/expand.ts';

const VIETNAM = 'Asia/Ho_Chi_Minh';
const at = (text: string) => Date.parse(text);

const rule = (recurrence: Recurrence, more: Partial<ScheduleRule> = {}): ScheduleRule => ({
  recurrence,
  fromDay: null,
  untilDay: null,
  fromInstant: null,
  beforeInstant: null,
  changes: [],
  ...more,
});
const daily = (...times: string[]): Recurrence => ({ kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times });
const starts = (of: ScheduleRule, from: string, to: string, zone = VIETNAM) =>
  expandRule(of, zone, DEFAULT_HOLIDAYS, at(from), at(to)).map(({ startsAt }) =>
    new Date(startsAt).toISOString().slice(0, 16),
  );
const move = (originalAt: string, startsAt: string): OccurrenceChange => ({
  kind: 'move',
  originalAt: at(originalAt),
  startsAt: at(startsAt),
  by: 'lan',
  reason: 'cúp điện',
});
const skip = (originalAt: string): OccurrenceChange => ({
  kind: 'skip',
  originalAt: at(originalAt),
  by: 'lan',
  reason: 'đám tang',
});

describe('a schedule', () => {
  it('airs once', () => {
    const once = rule({ kind: 'once', day: '2026-08-30', time: '05:30:15' });
    expect(expandRule(once, VIETNAM, [], at('2026-08-01T00:00Z'), at('2026-09-01T00:00Z'))).toEqual([
      {
        originalAt: at('2026-08-30T05:30:15+07:00'),
        startsAt: at('2026-08-30T05:30:15+07:00'),
        day: '2026-08-30',
        change: null,
      },
    ]);
    expect(starts(once, '2026-08-30T05:30:16+07:00', '2026-09-01T00:00Z')).toEqual([]);
  });

  it('airs on days of the week, by the local day, from the first day to the last', () => {
    const sundays = rule(
      { kind: 'weekly', days: [7], times: ['17:00', '05:30', '05:30:00'] },
      { fromDay: '2026-08-09', untilDay: '2026-08-16' },
    );
    // 05:30 in Vietnam is still Saturday in UTC.
    expect(starts(sundays, '2026-08-01T00:00Z', '2026-09-01T00:00Z')).toEqual([
      '2026-08-08T22:30',
      '2026-08-09T10:00',
      '2026-08-15T22:30',
      '2026-08-16T10:00',
    ]);
  });

  it('airs on rằm and mùng một, in a leap month where it says so, and on no day that a month lacks', () => {
    const lunar = (leap: boolean, ...days: number[]) =>
      rule({ kind: 'lunar', days: days.map((day) => ({ day, month: null, leap })), times: ['06:00'] });
    // 2025: month 6 from 25 June, leap month 6 from 25 July, month 7 from 23 August.
    const range = ['2025-06-20T00:00Z', '2025-09-01T00:00Z'] as const;
    const [first, leap, next] = ['2025-06-24T23:00', '2025-07-24T23:00', '2025-08-22T23:00'];
    expect(starts(lunar(false, 1), ...range)).toEqual([first, next]);
    expect(starts(lunar(true, 1), ...range)).toEqual([first, leap, next]);
    expect(starts(lunar(true, 15), ...range)).toEqual(['2025-07-08T23:00', '2025-08-07T23:00']);
    const thirtieth = rule({ kind: 'lunar', days: [{ day: 30, month: 12, leap: true }], times: ['06:00'] });
    expect(starts(thirtieth, '2025-01-01T00:00Z', '2034-01-01T00:00Z')).toEqual(['2033-01-29T23:00']);
  });

  it('airs on named days and before them', () => {
    const tet = (dayOffset: number) =>
      rule({ kind: 'holiday', holidays: ['tet-nguyen-dan', 'quoc-khanh'], dayOffset, times: ['00:00'] });
    expect(starts(tet(0), '2030-01-01T00:00Z', '2031-01-01T00:00Z')).toEqual([
      '2030-02-01T17:00',
      '2030-09-01T17:00',
    ]);
    expect(starts(tet(-1), '2030-01-01T00:00Z', '2031-01-01T00:00Z')).toEqual([
      '2030-01-31T17:00',
      '2030-08-31T17:00',
    ]);
    const eve = rule({ kind: 'holiday', holidays: ['giao-thua'], dayOffset: 0, times: ['23:45'] });
    expect(starts(eve, '2030-01-01T00:00Z', '2031-01-01T00:00Z')).toEqual(['2030-02-01T16:45']);
  });

  it('follows the clocks: what they jump over comes right after, what they show twice once', () => {
    const night = rule(daily('01:30', '02:00', '02:30', '03:00', '03:30'));
    const berlin = (from: string, to: string) => starts(night, from, to, 'Europe/Berlin');
    // 02:00, 02:30 and 03:00 are one instant.
    expect(berlin('2027-03-27T23:00Z', '2027-03-28T22:00Z')).toEqual([
      '2027-03-28T00:30',
      '2027-03-28T01:00',
      '2027-03-28T01:30',
    ]);
    expect(berlin('2027-10-30T22:00Z', '2027-10-31T23:00Z')).toEqual([
      '2027-10-30T23:30',
      '2027-10-31T00:00',
      '2027-10-31T00:30',
      '2027-10-31T02:00',
      '2027-10-31T02:30',
    ]);
    // Clocks that jump from 23:00 to midnight: the slot belongs to the day that the rule meant.
    const late = rule(daily('23:30'), { untilDay: '2027-03-27' });
    expect(starts(late, '2027-03-27T12:00Z', '2027-03-30T00:00Z', 'America/Nuuk')).toEqual([
      '2027-03-28T01:00',
    ]);
    expect(starts(late, '2027-03-28T01:00Z', '2027-03-30T00:00Z', 'America/Nuuk')).toHaveLength(1);
    expect(starts(late, '2027-03-27T12:00Z', '2027-03-28T01:00Z', 'America/Nuuk')).toEqual([]);
  });

  it('takes a year’s expansion from the rule, whatever has gone before', () => {
    const every = rule(daily('05:30'));
    const year = starts(every, '2028-01-01T00:00Z', '2029-01-01T00:00Z');
    expect(year).toHaveLength(366);
    expect(starts(every, '2028-02-28T00:00Z', '2028-03-02T00:00Z')).toEqual(
      year.filter((text) => text.startsWith('2028-02-28T2') || /^2028-(02-29|03-01)/.test(text)),
    );
  });
});

describe('a change to one occurrence', () => {
  const series = (...changes: OccurrenceChange[]) => rule(daily('05:30'), { changes });
  const [tenth, eleventh] = ['2026-08-10T05:30+07:00', '2026-08-11T05:30+07:00'];
  const explain = (of: ScheduleRule, from: string, to: string) =>
    explainRule(of, VIETNAM, DEFAULT_HOLIDAYS, at(from), at(to));

  it('leaves it out, with the reason', () => {
    const { occurrences, omissions } = explain(
      series(skip(tenth)),
      '2026-08-10T00:00+07:00',
      '2026-08-12T00:00+07:00',
    );
    expect(occurrences.map(({ day }) => day)).toEqual(['2026-08-11']);
    expect(omissions).toEqual([{ originalAt: at(tenth), day: '2026-08-10', change: skip(tenth) }]);
  });

  it('postpones it: it is found where it now begins, and said where it would have been', () => {
    const change = move(tenth, '2026-09-20T17:00+07:00');
    const there = explain(series(change), '2026-09-20T12:00+07:00', '2026-09-21T00:00+07:00');
    expect(there.occurrences).toEqual([
      {
        originalAt: at(tenth),
        startsAt: change.kind === 'move' && change.startsAt,
        day: '2026-09-20',
        change,
      },
    ]);
    expect(there.omissions).toEqual([]);
    const here = explain(series(change), '2026-08-10T00:00+07:00', '2026-08-11T00:00+07:00');
    expect(here).toEqual({
      occurrences: [],
      omissions: [{ originalAt: at(tenth), day: '2026-08-10', change }],
    });
  });

  it('keeps two that now begin together apart, by name', () => {
    const both = explain(series(move(tenth, eleventh)), '2026-08-11T00:00+07:00', '2026-08-12T00:00+07:00');
    expect(both.occurrences.map(({ originalAt }) => originalAt)).toEqual([at(tenth), at(eleventh)]);
  });

  it('does nothing where the rule has no such slot, or no longer', () => {
    const stray = move('2026-08-10T06:00+07:00', '2026-08-10T07:00+07:00');
    expect(starts(series(stray), '2026-08-10T00:00+07:00', '2026-08-11T00:00+07:00')).toEqual([
      '2026-08-09T22:30',
    ]);
    const ended = rule(daily('05:30'), {
      untilDay: '2026-08-09',
      changes: [move(tenth, '2026-08-12T05:00+07:00')],
    });
    expect(starts(ended, '2026-08-10T00:00+07:00', '2026-08-20T00:00+07:00')).toEqual([]);
  });

  it('holds as a skip where there are two, else as the latest start', () => {
    const late = move(tenth, '2026-08-10T19:00+07:00');
    const early = move(tenth, '2026-08-10T17:00+07:00');
    const range = ['2026-08-10T00:00+07:00', '2026-08-11T00:00+07:00'] as const;
    expect(starts(series(late, early), ...range)).toEqual(['2026-08-10T12:00']);
    expect(starts(series(early, late, skip(tenth)), ...range)).toEqual([]);
  });

  it('bounds a series by original instants: a moved one stays with the half that it comes from', () => {
    const change = move(tenth, '2026-08-12T18:00+07:00');
    const range = ['2026-08-10T00:00+07:00', '2026-08-13T00:00+07:00'] as const;
    const before = { ...series(change), beforeInstant: at(eleventh) };
    const after = { ...series(change), fromInstant: at(eleventh) };
    expect(starts(before, ...range)).toEqual(['2026-08-12T11:00']);
    expect(starts(after, ...range)).toEqual(['2026-08-10T22:30', '2026-08-11T22:30']);
  });
});

describe('a rule that cannot be', () => {
  const check = (of: ScheduleRule) => () => checkRule(of, DEFAULT_HOLIDAYS);
  const once = (day: string): Recurrence => ({ kind: 'once', day, time: '05:30' });

  it('is refused with the reason', () => {
    expect(check(rule(once('2026-02-30')))).toThrow('The schedule is not valid: there is no day 2026-02-30.');
    expect(check(rule(daily('05:30'), { fromDay: '2026-02-29' }))).toThrow('there is no day 2026-02-29');
    expect(check(rule(daily('05:30'), { untilDay: '2026-11-31' }))).toThrow('there is no day 2026-11-31');
    expect(check(rule(daily('05:30'), { fromDay: '2026-03-02', untilDay: '2026-03-01' }))).toThrow(
      'its last day 2026-03-01 lies before its first day 2026-03-02',
    );
    expect(check(rule(daily('05:30'), { fromInstant: 2000, beforeInstant: 1000 }))).toThrow(
      'it ends at 1970-01-01T00:00:01.000Z, before it begins at 1970-01-01T00:00:02.000Z',
    );
    expect(check(rule({ kind: 'cron', expression: '61 5 * * *' }))).toThrow('"61" is no minute');
    expect(
      check(
        rule({ kind: 'holiday', holidays: ['tet-nguyen-dan', 'tet-tay'], dayOffset: 0, times: ['06:00'] }),
      ),
    ).toThrow('there is no holiday "tet-tay" in the table');
    const changes = [
      skip('2026-08-10T05:30+07:00'),
      move('2026-08-10T05:30+07:00', '2026-08-10T06:30+07:00'),
    ];
    expect(check(rule(daily('05:30'), { changes }))).toThrow('2026-08-09T22:30:00.000Z is changed twice');
  });

  it('is none of these', () => {
    expect(check(rule(once('2028-02-29')))).not.toThrow();
    expect(check(rule(daily('05:30'), { fromDay: '2026-03-01', untilDay: '2026-03-01' }))).not.toThrow();
    expect(check(rule(daily('05:30'), { changes: [skip('2026-08-10T05:30+07:00')] }))).not.toThrow();
  });
});
