import { describe, expect, it } from 'vitest';
import { dayNumber, dayOf, formatDay, parseDay } from '../../../server/domain/calendar/day-number.ts';
import { fromLunar, leapMonth, lunarMonthLength, toLunar } from '../../../server/domain/calendar/lunar.ts';
import { lunarMonths, solsticeYear } from '../../../server/domain/calendar/lunar-months.ts';

const on = (year: number, month: number, day: number, leap = false) => {
  const found = fromLunar({ year, month, leap, day });
  return found && formatDay(found);
};

describe('the Vietnamese lunar calendar', () => {
  it.each([
    [2025, '2025-01-29', '2025-04-07', '2025-05-12', '2025-09-06', '2025-10-06', '2025-01-22'],
    [2026, '2026-02-17', '2026-04-26', '2026-05-31', '2026-08-27', '2026-09-25', '2026-02-10'],
    [2027, '2027-02-06', '2027-04-16', '2027-05-20', '2027-08-16', '2027-09-15', '2027-01-30'],
    [2028, '2028-01-26', '2028-04-04', '2028-05-09', '2028-09-03', '2028-10-03', '2028-01-19'],
    [2029, '2029-02-13', '2029-04-23', '2029-05-27', '2029-08-24', '2029-09-22', '2029-02-06'],
    [2030, '2030-02-02', '2030-04-12', '2030-05-16', '2030-08-13', '2030-09-12', '2030-01-26'],
  ])('has the days of %i', (year, ...days) => {
    expect([
      on(year, 1, 1),
      on(year, 3, 10),
      on(year, 4, 15),
      on(year, 7, 15),
      on(year, 8, 15),
      on(year - 1, 12, 23),
    ]).toEqual(days);
  });

  it('is reckoned at 105° E, where a day at 120° E would be another', () => {
    expect([2030, 2007, 1985, 1968].map((year) => on(year, 1, 1))).toEqual([
      '2030-02-02',
      '2007-02-17',
      '1985-01-21',
      '1968-01-29',
    ]);
    const tetAt = (year: number, hours: number) => {
      const month = solsticeYear(year, hours).months.find((one) => one.month === 1 && !one.leap);
      return month && formatDay(dayOf(month.start));
    };
    expect([2030, 2007, 1985, 1968].map((year) => tetAt(year, 8))).toEqual([
      '2030-02-03',
      '2007-02-18',
      '1985-02-20',
      '1968-01-30',
    ]);
  });

  it('has no 30 Tết before the Tết of 2025 to 2032, and one before that of 2033', () => {
    const eves = [2024, 2025, 2026, 2027, 2028, 2029, 2030, 2031];
    expect(eves.map((year) => lunarMonthLength(year, 12, false))).toEqual(eves.map(() => 29));
    expect(eves.map((year) => on(year, 12, 30))).toEqual(eves.map(() => undefined));
    expect(on(2032, 12, 30)).toBe('2033-01-30');
    expect(on(2033, 1, 1)).toBe('2033-01-31');
  });

  it('has its leap months', () => {
    const years = [1985, 2004, 2006, 2009, 2012, 2014, 2017, 2020, 2023, 2025, 2028, 2031, 2033];
    expect(years.map(leapMonth)).toEqual([2, 2, 7, 5, 4, 9, 6, 4, 2, 6, 5, 3, 11]);
    expect([2024, 2026, 2027, 2029, 2030, 2032, 2034].map(leapMonth)).toEqual(Array(7).fill(undefined));
    // The first month without trung khí is not the only one: those of 2034 stand in a year of twelve months.
    expect(on(2033, 11, 1, true)).toBe('2033-12-22');
    expect(on(2034, 1, 1)).toBe('2034-02-19');
    expect(lunarMonthLength(2026, 6, true)).toBeUndefined();
    expect(on(2025, 6, 0)).toBeUndefined();
  });

  it('goes there and back on every day from 1900 to 2199, each the one after the one before', () => {
    const wrong: string[] = [];
    let before = toLunar({ year: 1899, month: 12, day: 31 });
    const last = dayNumber({ year: 2199, month: 12, day: 31 });
    for (let number = dayNumber({ year: 1900, month: 1, day: 1 }); number <= last; number++) {
      const day = dayOf(number);
      const lunar = toLunar(day);
      const back = fromLunar(lunar);
      const follows =
        lunar.day === before.day + 1
          ? lunar.month === before.month && lunar.leap === before.leap && lunar.year === before.year
          : lunar.day === 1 &&
            before.day >= 29 &&
            (lunar.leap
              ? !before.leap && lunar.month === before.month && lunar.year === before.year
              : lunar.month === (before.month % 12) + 1 &&
                lunar.year === before.year + (lunar.month === 1 ? 1 : 0));
      if (back === undefined || dayNumber(back) !== number || !follows) wrong.push(formatDay(day));
      before = lunar;
    }
    expect(wrong).toEqual([]);
  });

  it('has 12 or 13 months of 29 or 30 days, Tết from 20 January to 21 February', () => {
    for (let year = 1900; year <= 2199; year++) {
      const { months } = lunarMonths(year);
      expect([12, 13]).toContain(months.length);
      expect(months.filter(({ leap }) => leap)).toHaveLength(months.length - 12);
      expect(months.every(({ length }) => length === 29 || length === 30)).toBe(true);
      const tet = on(year, 1, 1)?.slice(5) ?? '';
      expect('01-20' <= tet && tet <= '02-21', `${year}-${tet}`).toBe(true);
    }
  });
});

describe('a day as text', () => {
  it('is read only where the calendar has it', () => {
    expect(parseDay('2028-02-29')).toEqual({ year: 2028, month: 2, day: 29 });
    const impossible = ['2026-02-30', '2026-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '0000-01-01'];
    expect(impossible.map(parseDay)).toEqual(impossible.map(() => undefined));
    expect(['2026-1-1', '', '2026-01-01T00:00'].map(parseDay)).toEqual([undefined, undefined, undefined]);
  });
});
