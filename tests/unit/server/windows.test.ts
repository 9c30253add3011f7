import { describe, expect, it } from 'vitest';
import type { Policy } from '#protocols';
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { DEFAULT_POLICY, describeWindows } from '../../../server/domain/policies/policy.ts';
import { openWindow, requireWindow } from '../../../server/domain/policies/windows.ts';
import { instantOf, isZone, localDay, weekday } from '../../../server/domain/policies/zoned-time.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const at = (text: string) => Date.parse(text);
const daily = (opens: string, closes: string, days = [1, 2, 3, 4, 5, 6, 7]): Policy => ({
  windows: [{ days, opens, closes }],
  sessionMinutes: null,
  legalBasis: '',
});

describe('a window', () => {
  it('is open from its first instant to its last', () => {
    const open = (from: string, to: string) => openWindow(DEFAULT_POLICY, ZONE, at(from), at(to));
    const morning = { opensAt: at('2026-01-05T05:30+07:00'), closesAt: at('2026-01-05T06:30+07:00') };
    expect(open('2026-01-05T05:30+07:00', '2026-01-05T06:30+07:00')).toEqual(morning);
    expect(open('2026-01-05T05:29:59.999+07:00', '2026-01-05T05:40+07:00')).toBeUndefined();
    expect(open('2026-01-05T06:20+07:00', '2026-01-05T06:30:00.001+07:00')).toBeUndefined();
    expect(open('2026-01-05T03:15+07:00', '2026-01-05T03:16+07:00')).toBeUndefined();
  });

  it('holds on its weekdays, as the area writes them', () => {
    const sundays = daily('05:00', '06:00', [7]);
    const open = (from: string) => openWindow(sundays, ZONE, at(from), at(from) + 60_000);
    // Saturday evening in UTC is Sunday morning in Vietnam.
    expect(open('2026-01-03T22:10Z')).toBeDefined();
    expect(open('2026-01-04T22:10Z')).toBeUndefined();
  });

  it('goes over midnight where two touch', () => {
    const allDay = daily('00:00', '24:00');
    const from = at('2026-01-05T23:50+07:00');
    const window = openWindow(allDay, ZONE, from, from + 3_600_000);
    expect(window?.closesAt).toBeGreaterThan(at('2026-01-06T00:50+07:00'));
  });

  it('follows a change of the clocks', () => {
    const night = daily('02:30', '03:30');
    const zone = 'Europe/Paris';
    // 29 March 2026: 02:00 becomes 03:00.
    expect(openWindow(night, zone, at('2026-03-29T01:10Z'), at('2026-03-29T01:20Z'))).toBeDefined();
    // 02:30 is never shown on that day: what opens then opens at 03:00, and not an hour early.
    expect(openWindow(night, zone, at('2026-03-29T00:40Z'), at('2026-03-29T00:50Z'))).toBeUndefined();
    const jump = at('2026-03-29T01:00Z');
    const day = localDay(zone, jump);
    expect([120, 121, 150, 179, 180].map((minutes) => instantOf(zone, day, minutes))).toEqual(
      Array.from({ length: 5 }, () => jump),
    );
    expect(instantOf(zone, day, 119)).toBe(jump - 60_000);
    expect(instantOf(zone, day, 181)).toBe(jump + 60_000);
    expect(openWindow(night, zone, at('2026-03-30T00:40Z'), at('2026-03-30T00:50Z'))).toBeDefined();
    expect(openWindow(night, zone, at('2026-03-28T01:40Z'), at('2026-03-28T01:50Z'))).toBeDefined();
  });
});

describe('the policies of several areas', () => {
  const area = (id: string, parentId: string | null, policy: Policy | null) => ({
    id,
    parentId,
    kind: 'ấp',
    name: id,
    zone: null,
    policy: policy && JSON.stringify(policy),
    createdAt: 0,
    retiredAt: null,
  });
  const tree = new AreaTree([
    area('xa', null, daily('05:00', '07:00')),
    area('ap-1', 'xa', null),
    area('ap-2', 'xa', daily('05:30', '06:00')),
    area('ap-3', 'xa', { ...daily('00:00', '24:00'), sessionMinutes: 15 }),
  ]);
  const startsAt = at('2026-01-05T05:35+07:00');

  it('give the time that all have open', () => {
    expect(requireWindow(['ap-1', 'ap-2'], tree, { startsAt, airTimeMs: 60_000 })).toEqual({
      opensAt: at('2026-01-05T05:30+07:00'),
      closesAt: at('2026-01-05T06:00+07:00'),
    });
  });

  it('refuse by the one that is closed, and by the longest session', () => {
    const long = { startsAt, airTimeMs: 30 * 60_000 };
    expect(() => requireWindow(['ap-1', 'ap-2'], tree, long)).toThrow(
      'Area "ap-2" has no broadcasting window',
    );
    expect(() => requireWindow(['ap-3'], tree, { startsAt, airTimeMs: 16 * 60_000 })).toThrow(
      'would last 16 minutes; area "ap-3" allows at most 15',
    );
    // Without a limit of its own: no session lasts for months, and nobody looks through the days of one.
    expect(() => requireWindow(['ap-1'], tree, { startsAt, airTimeMs: 90 * 86_400_000 })).toThrow(
      'area "ap-1" allows at most 10080',
    );
  });
});

describe('local time', () => {
  it('knows its zones, days and weekdays', () => {
    expect([isZone(ZONE), isZone('Asia/Nowhere'), isZone('+07:00'), isZone('')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const day = localDay(ZONE, at('2026-01-04T22:00Z'));
    expect([day, weekday(day)]).toEqual([{ year: 2026, month: 1, day: 5 }, 1]);
    expect(instantOf(ZONE, day, 24 * 60)).toBe(at('2026-01-06T00:00+07:00'));
  });

  it('is described in one line', () => {
    expect(describeWindows(DEFAULT_POLICY)).toBe('05:30–06:30, 17:00–18:00');
    expect(describeWindows(daily('08:00', '09:00', [6, 7]))).toBe('T7 CN 08:00–09:00');
  });
});
