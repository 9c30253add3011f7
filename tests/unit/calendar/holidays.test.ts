import { describe, expect, it } from 'vitest';
import { formatDay } from '../../../server/domain/calendar/day-number.ts';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { type HolidayTable, readHolidayTable } from '../../../server/domain/calendar/holiday.ts';
import { holidayDays } from '../../../server/domain/calendar/holidays.ts';

const days = (id: string, from: number, to = from, table: HolidayTable = DEFAULT_HOLIDAYS) =>
  holidayDays(table, id, { year: from, month: 1, day: 1 }, { year: to, month: 12, day: 31 }).map(formatDay);
const holiday = (id: string) => {
  const found = DEFAULT_HOLIDAYS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no holiday ${id}`);
  return found;
};

describe('the holiday table', () => {
  it('is data that survives JSON, and is checked when it comes back', () => {
    const stored: unknown = JSON.parse(JSON.stringify(DEFAULT_HOLIDAYS));
    expect(readHolidayTable(stored)).toEqual(DEFAULT_HOLIDAYS);
    const edited = (change: object) => [{ ...holiday('quoc-khanh'), ...change }];
    const refused: readonly unknown[] = [
      {},
      edited({ tone: 'vui' }),
      edited({ date: { kind: 'solar', month: 2, day: 30 } }),
      edited({ date: { kind: 'lunar', month: 13, day: 1 } }),
      [...DEFAULT_HOLIDAYS, holiday('quoc-khanh')],
    ];
    for (const table of refused)
      expect(() => readHolidayTable(table)).toThrow('The holiday table cannot be read');
    expect(readHolidayTable(edited({ date: { kind: 'solar', month: 2, day: 29 } }))).toHaveLength(1);
  });

  it('places solar and lunar days', () => {
    expect(days('quoc-khanh', 2026, 2027)).toEqual(['2026-09-02', '2027-09-02']);
    expect(days('tet-nguyen-dan', 2029, 2030)).toEqual(['2029-02-13', '2030-02-02']);
    expect(days('gio-to', 2025, 2026)).toEqual(['2025-04-07', '2026-04-26']);
    // A year with two 23/12, and one with none: the lunar year is not the solar one.
    expect(days('ong-tao', 2027, 2028)).toEqual(['2027-01-30', '2028-01-19']);
    // Month 6 of 2025 comes twice; the holiday is of the first.
    const table = readHolidayTable([{ ...holiday('vu-lan'), date: { kind: 'lunar', month: 6, day: 15 } }]);
    expect(days('vu-lan', 2025, 2025, table)).toEqual(['2025-07-09']);
    expect(days('nothing', 2026)).toEqual([]);
  });

  it('has Giao thừa on the day before Tết, with and without a 30 Tết', () => {
    expect(days('giao-thua', 2025, 2033)).toEqual([
      '2025-01-28',
      '2026-02-16',
      '2027-02-05',
      '2028-01-25',
      '2029-02-12',
      '2030-02-01',
      '2031-01-22',
      '2032-02-10',
      '2033-01-30',
    ]);
  });

  it('congratulates nobody on 27 July', () => {
    expect(holiday('thuong-binh-liet-si')).toMatchObject({
      date: { kind: 'solar', month: 7, day: 27 },
      tone: 'tri-an',
    });
  });

  it('gives the eleven paid days of the Labour Code, and 24/11 by data alone', () => {
    const restDays = (table: HolidayTable) =>
      table.filter(({ paid }) => paid).reduce((sum, one) => sum + one.restDays, 0);
    expect(restDays(DEFAULT_HOLIDAYS)).toBe(11);
    expect(holiday('van-hoa-viet-nam')).toMatchObject({
      name: 'Ngày Văn hóa Việt Nam',
      date: { kind: 'solar', month: 11, day: 24 },
      paid: false,
    });
    const switched = DEFAULT_HOLIDAYS.map((one) =>
      one.id === 'van-hoa-viet-nam' ? { ...one, paid: true } : one,
    );
    expect(restDays(readHolidayTable(switched))).toBe(12);
  });

  it('names the eight great days', () => {
    const great = DEFAULT_HOLIDAYS.filter(({ major }) => major).map(({ id }) => id);
    expect(great.sort()).toEqual([
      'cach-mang-thang-tam',
      'dien-bien-phu',
      'giai-phong-mien-nam',
      'gio-to',
      'quoc-khanh',
      'sinh-nhat-bac',
      'tet-nguyen-dan',
      'thanh-lap-dang',
    ]);
  });
});
