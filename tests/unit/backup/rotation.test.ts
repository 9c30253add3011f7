import { describe, expect, it } from 'vitest';
import { outdated } from '../../../server/domain/backup/rotation.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
const DAY = 24 * 3_600_000;
/** A Sunday, 02:30 in Vietnam. */
const NEWEST = Date.UTC(2026, 10, 28, 19, 30);

const nights = (count: number) => Array.from({ length: count }, (_, ago) => ({ at: NEWEST - ago * DAY }));
const kept = (count: number, keep: Parameters<typeof outdated>[1]) => {
  const all = nights(count);
  const gone = new Set(outdated(all, keep, ZONE, NEWEST));
  return all.filter((backup) => !gone.has(backup)).map(({ at }) => (NEWEST - at) / DAY);
};

it('keeps the newest of so many days, weeks and months', () => {
  // 29 November 2026 is a Sunday: the weeks before it end 7, 14 and 21 days ago.
  expect(kept(400, { daily: 7, weekly: 4, monthly: 3 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 29, 60]);
});

it('counts days that have a backup, so that a box that was off for a month loses nothing', () => {
  const old = [{ at: NEWEST - 100 * DAY }, { at: NEWEST - 101 * DAY }, { at: NEWEST }];
  expect(outdated(old, { daily: 3, weekly: 0, monthly: 0 }, ZONE, NEWEST)).toEqual([]);
});

it('never lets go of the newest one', () => {
  expect(kept(5, { daily: 0, weekly: 0, monthly: 0 })).toEqual([0]);
});

it('keeps one a day of several made by hand', () => {
  const hours = Array.from({ length: 12 }, (_, ago) => ({ at: NEWEST - ago * 600_000 }));
  expect(outdated(hours, { daily: 2, weekly: 0, monthly: 0 }, ZONE, NEWEST)).toHaveLength(11);
});

describe('what a clock that was ahead has dated', () => {
  const keep = { daily: 2, weekly: 0, monthly: 0 };
  const ahead = Array.from({ length: 5 }, (_, day) => ({ at: Date.UTC(2031, 0, 1 + day) }));

  it('takes no place of what is of now', () => {
    const gone = outdated([...ahead.slice(0, 2), ...nights(2)], keep, ZONE, NEWEST);
    expect(gone).toEqual([]);
  });

  it('is kept in no greater number', () => {
    const gone = outdated([...ahead, ...nights(3)], keep, ZONE, NEWEST);
    expect(gone.map(({ at }) => at)).toEqual([
      NEWEST - 2 * DAY,
      ...ahead
        .slice(0, 3)
        .reverse()
        .map(({ at }) => at),
    ]);
  });

  it('counts like any other when its time has come', () => {
    const [last] = ahead.slice(-1);
    const gone = outdated([...ahead, ...nights(1)], keep, ZONE, last?.at ?? 0);
    expect(gone).toHaveLength(4);
  });
});
