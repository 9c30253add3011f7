import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  instantOf,
  localDay,
  localDayNumber,
  offsetMinutes,
} from '../../../server/domain/policies/zoned-time.ts';

/** Zones with half hours, changes at midnight, a day left out (Apia) and changes back and forth in a year (Casablanca). */
const ZONES = [
  'Asia/Ho_Chi_Minh',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Nuuk',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Pacific/Apia',
];

/** What Intl shows: "2026-03-29 03:00:15". */
function reading(zone: string, at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(
    at,
  );
}

const written = (wall: number) => new Date(wall).toISOString().slice(0, 19).replace('T', ' ');
const instants = fc
  .integer({ min: Date.UTC(1971, 0, 1) / 1000, max: Date.UTC(2060, 0, 1) / 1000 })
  .map((seconds) => seconds * 1000);

describe('local time from remembered offsets', () => {
  it('is what Intl shows, at any instant of any zone', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, (zone, at) => {
        const shown = reading(zone, at);
        expect(written(at + offsetMinutes(zone, at) * 60_000)).toBe(shown);
        const { year, month, day } = localDay(zone, at);
        expect(written(Date.UTC(year, month - 1, day)).slice(0, 10)).toBe(shown.slice(0, 10));
        expect(localDayNumber(zone, at)).toBe(Date.UTC(year, month - 1, day) / 86_400_000);
      }),
      { numRuns: 400 },
    );
  });

  it('finds the instant of every reading, the first of two, also to the second', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, (zone, at) => {
        const wall = at + offsetMinutes(zone, at) * 60_000;
        const seconds = (wall % 86_400_000) / 1000;
        const found = instantOf(zone, localDay(zone, at), seconds / 60);
        expect(Number.isInteger(found)).toBe(true);
        expect(found).toBeLessThanOrEqual(at);
        expect(reading(zone, found)).toBe(reading(zone, at));
      }),
      { numRuns: 400 },
    );
  });

  it('gives the instant that follows for a reading that is jumped over', () => {
    const gap = (zone: string, day: string, times: readonly string[]) =>
      times.map((time) => {
        const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
        const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
        const at = instantOf(zone, { year, month, day: date }, hours * 60 + minutes + seconds / 60);
        return new Date(at).toISOString();
      });
    const all = (iso: string, count: number) => Array(count).fill(`${iso}.000Z`);
    expect(gap('Europe/Berlin', '2027-03-28', ['02:00', '02:00:01', '02:30:59'])).toEqual(
      all('2027-03-28T01:00:00', 3),
    );
    // Half an hour only.
    expect(gap('Australia/Lord_Howe', '2027-10-03', ['02:00:10', '02:29:59'])).toEqual(
      all('2027-10-02T15:30:00', 2),
    );
    // The last hour of a day: what follows is the next day.
    expect(gap('America/Nuuk', '2027-03-27', ['23:00', '23:59:59'])).toEqual(all('2027-03-28T01:00:00', 2));
    // A whole day was left out.
    expect(gap('Pacific/Apia', '2011-12-30', ['00:00', '12:00:07', '23:59'])).toEqual(
      all('2011-12-30T10:00:00', 3),
    );
  });
});
