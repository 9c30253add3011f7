import { describe, expect, it } from 'vitest';
import { deltaT, fromEphemeris, toEphemeris } from '../../../server/domain/calendar/dynamical-time.ts';
import { newMoon, newMoonEphemeris, newMoonNumber } from '../../../server/domain/calendar/new-moon.ts';
import { sunLongitude, sunLongitudeEphemeris } from '../../../server/domain/calendar/sun-longitude.ts';

const DAY_MS = 86_400_000;
const days = (text: string) => Date.parse(text) / DAY_MS;
const minutesApart = (a: number, b: number) => Math.abs(a - b) * 1440;

describe('the sky behind the calendar', () => {
  it('gives the worked examples of Meeus', () => {
    // Example 49.a: the new moon of February 1977.
    expect(newMoonEphemeris(-283)).toBeCloseTo(2_443_192.65118, 5);
    // Example 25.b: the sun on 13 October 1992, 199° 54′ 21.8″, within 1″.
    const degrees = 199 + 54 / 60 + 21.818 / 3600;
    expect(Math.abs(sunLongitudeEphemeris(2_448_908.5) - degrees) * 3600).toBeLessThan(1);
  });

  it('meets published new moons and solstices to the minute', () => {
    for (const text of ['2000-01-06T18:14Z', '2017-08-21T18:30Z', '2024-04-08T18:21Z', '2025-01-29T12:36Z']) {
      const near = newMoonNumber(days(text));
      const found = [near - 1, near, near + 1].map((k) => minutesApart(newMoon(k), days(text)));
      expect(Math.min(...found), text).toBeLessThan(1);
    }
    // The sun moves a minute's worth in 2.5″.
    for (const text of ['2020-12-21T10:02Z', '2023-12-22T03:27Z', '2024-12-21T09:21Z'])
      expect(Math.abs(sunLongitude(days(text)) - 270) * 3600, text).toBeLessThan(2.6);
  });

  it('keeps the Earth’s turning: measured to 2005, without steps at the seams', () => {
    expect(deltaT(1900)).toBeCloseTo(-2.8, 0);
    expect(deltaT(1950)).toBeCloseTo(29, 0);
    expect(deltaT(2000)).toBeCloseTo(63.9, 0);
    for (const year of [1920, 1941, 1961, 1986, 2005, 2050, 2150])
      expect(Math.abs(deltaT(year) - deltaT(year - 0.001)), String(year)).toBeLessThan(1);
    expect(fromEphemeris(toEphemeris(20_000.25))).toBeCloseTo(20_000.25, 8);
  });
});
