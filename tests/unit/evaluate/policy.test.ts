import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  localDayOf,
  openWindowAt,
  type Policy,
  profileGainAt,
  testWindowAt,
  volumeCapAt,
  volumeCapBetween,
  windowsBetween,
} from '#protocols';
import { rulesOf } from '../../../server/domain/policies/local-rules.ts';
import { openWindow } from '../../../server/domain/policies/windows.ts';
import { localDay } from '../../../server/domain/policies/zoned-time.ts';
import { at, MINUTE, rules } from './examples.ts';

const DAY = 24 * 60 * MINUTE;
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const FROM = Date.parse('2026-01-01T00:00Z');
const UNTIL = Date.parse('2028-01-01T00:00Z');
// Lord Howe changes by half an hour, Santiago at midnight, Casablanca backwards in Ramadan; Vietnam never.
const ZONES = [
  'Asia/Ho_Chi_Minh',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Casablanca',
];
const POLICIES: readonly Policy[] = [
  {
    windows: [
      { days: EVERY_DAY, opens: '05:30', closes: '06:30' },
      { days: [1, 3, 7], opens: '01:30', closes: '02:45' },
    ],
    sessionMinutes: null,
    legalBasis: '',
  },
  {
    windows: [
      { days: [6, 7], opens: '00:00', closes: '24:00' },
      { days: [1], opens: '00:00', closes: '02:30' },
    ],
    sessionMinutes: null,
    legalBasis: '',
  },
];

describe('windows of a loudspeaker’s own rules', () => {
  it.each(ZONES)('are those that the controller finds, over two years (%s)', (zone) => {
    for (const policy of POLICIES) {
      const held = rulesOf(policy, zone, FROM - 4 * DAY, UNTIL + 4 * DAY, false);
      const windows = windowsBetween(held, FROM, UNTIL).filter(({ closesAt }) => closesAt <= UNTIL);
      expect(windows.length).toBeGreaterThan(100);
      for (const [index, { opensAt, closesAt }] of windows.entries()) {
        expect(openWindow(policy, zone, opensAt, closesAt)).toEqual({ opensAt, closesAt });
        expect(openWindow(policy, zone, opensAt - 1, opensAt)).toBeUndefined();
        expect(opensAt).toBeGreaterThan(windows[index - 1]?.closesAt ?? 0);
      }
    }
  });

  it('are open at the same instants', () => {
    const instants = fc
      .integer({ min: FROM / 1_000, max: UNTIL / 1_000 - 1 })
      .map((second) => second * 1_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...POLICIES),
        fc.array(instants),
        (zone, policy, list) => {
          const held = rulesOf(policy, zone, FROM - 4 * DAY, UNTIL + 4 * DAY, false);
          for (const instant of list) {
            // The controller looks back a day only: where it opened matters to nobody.
            expect(openWindowAt(held, instant)?.closesAt).toBe(
              openWindow(policy, zone, instant, instant + 1)?.closesAt,
            );
            const { year, month, day } = localDay(zone, instant);
            expect(localDayOf(held, instant)).toBe(
              new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10),
            );
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('end with the rules', () => {
    const held = rules({}, { until: at('05T06:00') });
    expect(openWindowAt(held, at('05T05:59'))).toEqual({ opensAt: at('05T05:00'), closesAt: at('05T06:00') });
    expect(openWindowAt(held, at('05T06:00'))).toBeUndefined();
    expect(windowsBetween(held, at('05T07:00'), at('09T00:00'))).toEqual([]);
  });
});

describe('testing hours', () => {
  it('are working hours unless the policy says otherwise', () => {
    expect(testWindowAt(rules(), at('05T08:00'))).toEqual({
      opensAt: at('05T07:30'),
      closesAt: at('05T17:00'),
    });
    expect(
      [at('05T07:29'), at('05T17:00'), at('04T10:00')].map((instant) => testWindowAt(rules(), instant)),
    ).toEqual([undefined, undefined, undefined]);
    expect(testWindowAt(rules({ testing: null }), at('05T08:00'))).toBeUndefined();
  });
});

describe('the volume caps of rules', () => {
  it('hold in the night, over midnight, up to 06:00', () => {
    const caps = ['05T20:59', '05T21:00', '05T23:59', '06T00:00', '06T05:59', '06T06:00'].map((time) =>
      volumeCapAt(rules(), at(time)),
    );
    expect(caps).toEqual([null, -6, -6, -6, -6, null]);
    expect(volumeCapAt(rules({ night: null }), at('05T23:00'))).toBeNull();
  });

  it('take the lowest of what a sound touches', () => {
    expect(volumeCapBetween(rules(), at('05T20:50'), at('05T21:00'))).toBeNull();
    expect(volumeCapBetween(rules(), at('05T20:50'), at('05T21:01'))).toBe(-6);
    expect(volumeCapBetween(rules(), at('05T05:50'), at('05T06:10'))).toBe(-6);
    expect(volumeCapBetween(rules(), at('05T06:00'), at('05T06:10'))).toBeNull();
  });

  it('are lower beside a school, a hospital or a place of worship', () => {
    const beside = rules({}, { sensitive: true });
    expect([volumeCapAt(beside, at('05T12:00')), volumeCapAt(beside, at('05T23:00'))]).toEqual([-10, -10]);
  });
});

describe('the volume profile', () => {
  it('takes the first part of the day that holds', () => {
    const periods = [
      { from: '22:00', to: '05:00', gainDb: -12 },
      { from: '04:00', to: '06:00', gainDb: -6 },
    ];
    const gain = (time: string) => profileGainAt(periods, rules().offsets, at(time));
    expect(['05T23:00', '05T04:30', '05T05:00', '05T06:00'].map(gain)).toEqual([-12, -12, -6, null]);
  });
});
