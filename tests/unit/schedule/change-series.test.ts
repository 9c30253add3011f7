import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangeSpan } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { changeSeries } from '../../../server/domain/schedule/change-series.ts';
import type { ScheduleFields } from '../../../server/domain/schedule/draft.ts';
import type { Schedule } from '../../../server/domain/schedule/schedule.ts';
import { at, DAY, facts, MONDAY, schedule, slotsOn } from './slot-samples.ts';

const DAYS = 8;
const OF = facts();
const CONTEXT = {
  actor: { kind: 'person' as const, name: 'bích', grants: [{ role: 'editor' as const, areas: ['xa'] }] },
  facts: OF,
  calendar: { zone: 'Asia/Ho_Chi_Minh', holidays: DEFAULT_HOLIDAYS, now: at(1) },
};
const daily = (...times: string[]) => ({
  kind: 'weekly' as const,
  days: [1, 2, 3, 4, 5, 6, 7],
  times,
});

/** The parts of the series after a change. */
function changedParts(parts: readonly Schedule[], span: ChangeSpan, change: ScheduleFields): Schedule[] {
  const saved = changeSeries(parts, span, change, CONTEXT).map((part) => part.schedule);
  return [...new Map([...parts, ...saved].map((part) => [part.id, part])).values()];
}

/** Local times of day at which sessions begin, by day. */
function startsByDay(parts: readonly Schedule[]): string[][] {
  return Array.from({ length: DAYS }, (_, day) => {
    const starts = parts.flatMap((part) =>
      slotsOn(part, OF, day)
        .slots.filter(({ position }) => position === 0)
        .map(({ startsAt }) => startsAt - MONDAY - day * DAY),
    );
    return starts.sort((a, b) => a - b).map((ms) => new Date(ms).toISOString().slice(11, 16));
  });
}

/** An original instant of a day, whatever its times are by now. */
function occurrenceOf(parts: readonly Schedule[], day: number): number | undefined {
  return parts.flatMap((part) => slotsOn(part, OF, day).slots)[0]?.originalAt;
}

describe('a series of which single occurrences and what follows were changed', () => {
  it('has an occurrence on every day of a new recurrence, also where it was split', () => {
    const one = changedParts([schedule()], { kind: 'one', originalAt: at(5, 30, 2) }, { gainDb: -6 });
    const following = changedParts(
      one,
      { kind: 'following', originalAt: at(5, 30, 3) },
      { recurrence: daily('05:40') },
    );
    expect(startsByDay(following).flat()).toEqual([
      ...['05:30', '05:30', '05:30'],
      ...['05:40', '05:40', '05:40', '05:40', '05:40'],
    ]);
    const all = changedParts(following, { kind: 'all' }, { recurrence: daily('17:30') });
    expect(startsByDay(all)).toEqual(Array(DAYS).fill(['17:30']));
  });

  it('has exactly the occurrences of the last recurrence that all of it was given', () => {
    const time = fc.constantFrom('05:30', '05:45', '17:00', '17:40');
    const edit = fc.record({
      kind: fc.constantFrom('one' as const, 'following' as const),
      day: fc.integer({ min: 1, max: DAYS - 1 }),
      times: fc.option(fc.uniqueArray(time, { minLength: 1, maxLength: 2 })),
    });
    const last = fc.uniqueArray(time, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), last, (edits, times) => {
        let parts: Schedule[] = [schedule()];
        for (const { kind, day, times: other } of edits) {
          const originalAt = occurrenceOf(parts, day);
          if (originalAt === undefined) continue;
          const recurrence = other === null || kind === 'one' ? {} : { recurrence: daily(...other) };
          parts = changedParts(parts, { kind, originalAt }, { gainDb: -day, ...recurrence });
        }
        parts = changedParts(parts, { kind: 'all' }, { recurrence: daily(...times) });
        expect(startsByDay(parts)).toEqual(Array(DAYS).fill([...times].sort()));
      }),
    );
  });
});
