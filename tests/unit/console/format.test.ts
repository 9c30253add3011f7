import { expect, it } from 'vitest';
import {
  ago,
  endOfDay,
  isoDay,
  length,
  setZone,
  shortHash,
  size,
  startOfDay,
  when,
} from '../../../server/console/ui/format.ts';
import { suggestedName } from '../../../server/console/ui/login-name.ts';

const NBSP = '\u00a0';

it('tells instants by the commune’s clocks, whatever the device’s are', () => {
  setZone('Asia/Ho_Chi_Minh');
  const at = Date.UTC(2026, 0, 4, 22, 5);
  expect(when(at)).toBe(`05:05,${NBSP}05/01/2026`);
  expect(isoDay(at)).toBe('2026-01-05');
  expect(startOfDay('2026-01-05')).toBe(Date.UTC(2026, 0, 4, 17));
  expect(endOfDay('2026-01-05')).toBe(Date.UTC(2026, 0, 5, 17));
});

it('ends a day when the next one begins, also where a day has 23 or 25 hours', () => {
  setZone('Europe/Berlin');
  for (const [day, hours] of [
    ['2026-03-29', 23],
    ['2026-10-25', 25],
    ['2026-10-26', 24],
  ] as const)
    expect([day, (endOfDay(day) - startOfDay(day)) / 3_600_000]).toEqual([day, hours]);
  setZone('Asia/Ho_Chi_Minh');
});

it('writes sizes, lengths and hashes for people', () => {
  expect([size(0), size(999), size(12_345), size(5_700_000)]).toEqual(
    ['0 byte', '999 byte', '12,3 kB', '5,7 MB'].map((text) => text.replace(' ', NBSP)),
  );
  expect([length(4_000), length(65_400)]).toEqual([`4${NBSP}giây`, `1${NBSP}phút 05${NBSP}giây`]);
  expect(shortHash('0123456789abcdef')).toBe('012345…cdef');
  expect([ago(0, 10_000), ago(0, 180_000)]).toEqual(['vừa xong', `3${NBSP}phút trước`]);
});

it('makes a login name of a person’s name', () => {
  expect(suggestedName('Nguyễn Thị Hạnh')).toBe('nguyen-thi-hanh');
  expect(suggestedName('  Đỗ  Ứng (Phó CT) ')).toBe('do-ung-pho-ct');
});
