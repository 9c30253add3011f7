import { expect, it } from 'vitest';
import type { Recurrence, ScheduleRule } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { checkLoad } from '../../../server/domain/schedule/check-rule.ts';
import { mayBeginFrom } from '../../../server/domain/schedule/ended.ts';
import { faultySlots, slotSteps, slotsBetween } from '../../../server/domain/schedule/slots.ts';
import { at, DAY, facts, item, MONDAY, programme, schedule } from './slot-samples.ts';

const ruled = (over: Partial<ScheduleRule>) => schedule({ rule: { ...schedule().rule, ...over } });

it('what ended lately is still looked at, what ended long ago is not', () => {
  const [day, now] = ['2026-01-05', MONDAY];
  const once: Recurrence = { kind: 'once', day, time: '05:30' };
  for (const ending of [{ beforeInstant: at(6) }, { untilDay: day }, { recurrence: once }]) {
    expect(mayBeginFrom(ruled(ending), now)).toBe(true);
    expect(mayBeginFrom(ruled(ending), now + 4 * DAY)).toBe(false);
    const move = {
      kind: 'move' as const,
      originalAt: at(5, 30),
      startsAt: at(5, 30, 9),
      by: 'b',
      reason: '',
    };
    expect(mayBeginFrom(ruled({ ...ending, changes: [move] }), now + 4 * DAY)).toBe(true);
  }
  expect(mayBeginFrom(ruled({}), now + 4_000 * DAY)).toBe(true);
});

it('more items a day than plans have room for are refused', () => {
  const of = facts({ programmes: [programme([item('a'), item('b'), item('c')])] });
  const cron = (expression: string) => ruled({ recurrence: { kind: 'cron', expression } });
  expect(() => checkLoad(cron('*/5 * * * *'), of)).not.toThrow();
  expect(() => checkLoad(cron('*/2 * * * *'), of)).toThrow('2160 items a day');
  expect(() => checkLoad(cron('* * * * *'), facts())).toThrow('2880 items a day');
});

it('slots are made in short steps, and are what they were', () => {
  const one = ruled({ recurrence: { kind: 'cron', expression: '*/5 * * * *' } });
  const [from, to] = [MONDAY + 1_234_567, MONDAY + 5 * DAY + 7_654_321];
  const steps = slotSteps(one, facts(), DEFAULT_HOLIDAYS, from, to);
  let count = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) count += 1;
  expect(count).toBeGreaterThan(80);
  const { slots, withheld } = step.value;
  expect(slotsBetween(one, facts(), DEFAULT_HOLIDAYS, from, to)).toEqual(step.value);
  const starts = [...slots, ...withheld].filter(({ position }) => position === 0);
  expect(new Set(starts.map(({ startsAt }) => startsAt)).size).toBe(Math.floor((to - from) / 300_000));
});

it('a rule that cannot be is withheld on every day', () => {
  const why = { code: 'schedule.invalid' as const, params: { reason: 'x' } };
  const { slots, withheld } = faultySlots(ruled({}), why, facts(), at(4), at(4, 0, 2));
  expect(slots).toEqual([]);
  expect(withheld.map(({ startsAt, code }) => [startsAt, code])).toEqual([
    [at(4), 'schedule.invalid'],
    [at(0, 0, 1), 'schedule.invalid'],
    [at(0, 0, 2), 'schedule.invalid'],
  ]);
});
