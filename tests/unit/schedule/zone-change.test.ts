import { describe, expect, it } from 'vitest';
import type { OccurrenceChange, ScheduleRule } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { expandRule } from '../../../server/domain/schedule/expand.ts';
import { inOtherZone } from '../../../server/domain/schedule/zone-change.ts';
import { at, DAY, MONDAY, schedule } from './slot-samples.ts';

const HOUR = 3_600_000;
const VIETNAM = 'Asia/Ho_Chi_Minh';
/** An hour behind Vietnam, and an hour ahead. */
const [WEST, EAST] = ['Asia/Dhaka', 'Asia/Manila'];

function moved(to: string, now: number, rule: Partial<ScheduleRule> = {}) {
  const one = schedule({ rule: { ...schedule().rule, ...rule } });
  return inOtherZone(one, { from: VIETNAM, to, holidays: DEFAULT_HOLIDAYS, now });
}

const startsOf = (parts: ReturnType<typeof moved>, to: string, days = 3) =>
  parts
    .flatMap(({ rule }) => expandRule(rule, to, DEFAULT_HOLIDAYS, MONDAY, MONDAY + days * DAY))
    .map(({ startsAt }) => startsAt)
    .sort((a, b) => a - b);

const skip = (originalAt: number): OccurrenceChange => ({ kind: 'skip', originalAt, by: 'b', reason: 'x' });
const move = (originalAt: number, startsAt: number): OccurrenceChange => ({
  ...{ kind: 'move', originalAt, startsAt, by: 'b', reason: 'x' },
});

describe('other clocks', () => {
  it('put back do not air again what has been today, and keep the wall times of what is ahead', () => {
    const parts = moved(WEST, at(5, 45));
    expect(startsOf(parts, WEST)).toEqual([at(5, 30), at(6, 30, 1), at(6, 30, 2)]);
    expect(parts.map(({ id, rule }) => [id === 'sch_1', rule.zone])).toEqual([
      [true, VIETNAM],
      [false, undefined],
    ]);
    expect(new Set(parts.map(({ seriesId }) => seriesId)).size).toBe(1);
  });

  it('put forward keep the wall times of what is ahead', () => {
    expect(startsOf(moved(EAST, at(3)), EAST)).toEqual([at(4, 30), at(4, 30, 1), at(4, 30, 2)]);
    expect(startsOf(moved(EAST, at(6)), EAST)).toEqual([at(5, 30), at(4, 30, 1), at(4, 30, 2)]);
  });

  it.each([
    [WEST, HOUR],
    [EAST, -HOUR],
  ])('of %s keep what was skipped and postponed', (zone, shift) => {
    const changes = [skip(at(5, 30, 1)), move(at(5, 30, 2), at(17, 0, 2))];
    const parts = moved(zone, at(12), { changes });
    expect(startsOf(parts, zone, 4)).toEqual([at(5, 30), at(17, 0, 2) + shift, at(5, 30, 3) + shift]);
  });

  it('that jump over an hour lose nothing that was postponed out of it', () => {
    const parts = moved(EAST, at(5), { changes: [move(at(5, 30), at(17))] });
    expect(startsOf(parts, EAST, 2)).toEqual([at(16), at(4, 30, 1)]);
  });

  it('keep what was postponed and had its slot before, and where a series was split', () => {
    const late = moved(WEST, at(12), { changes: [move(at(5, 30), at(17))] });
    expect(startsOf(late, WEST, 2)).toEqual([at(18), at(6, 30, 1)]);
    const split = [
      ...moved(EAST, at(12), { beforeInstant: at(5, 30, 2) }),
      ...moved(EAST, at(12), { fromInstant: at(5, 30, 2) }),
    ];
    expect(startsOf(split, EAST, 4)).toEqual([at(5, 30), at(4, 30, 1), at(4, 30, 2), at(4, 30, 3)]);
  });

  it('leave alone what is over, and what an earlier change left behind', () => {
    const over = moved(WEST, at(12, 0, 9), { beforeInstant: at(6) });
    expect(over).toHaveLength(1);
    expect(startsOf(over, WEST, 2)).toEqual([at(5, 30)]);
    expect(moved(WEST, at(12), { zone: EAST })).toEqual([]);
  });
});
