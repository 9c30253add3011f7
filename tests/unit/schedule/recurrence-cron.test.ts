import fc from 'fast-check';
import { createTask, validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { isDomainError } from '#protocols';
import { cronSlots } from '../../../server/domain/schedule/recurrence/cron.ts';
import { parseCron } from '../../../server/domain/schedule/recurrence/cron-fields.ts';

/** Whether node-cron would run at a wall time, given as if it were UTC. */
function nodeCron(expression: string): { matches(wall: number): boolean; destroy(): void } {
  const task = createTask(expression, () => undefined, { timezone: 'UTC' });
  return {
    matches: (wall) => task.match(new Date(wall)),
    destroy: () => void task.destroy(),
  };
}

const number = (min: number, max: number) => fc.integer({ min, max }).map(String);
const padded = (min: number, max: number) =>
  fc.oneof(
    number(min, max),
    fc.integer({ min, max }).map((n) => String(n).padStart(2, '0')),
  );
const names = (text: string) => fc.constantFrom(...text.split(' '));

/** Tokens of a field: numbers, ranges (also over the end), steps, and what else it takes. */
function field(value: fc.Arbitrary<string>, ...more: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  const step = fc.integer({ min: 1, max: 20 });
  const token = fc.oneof(
    value,
    fc.tuple(value, value).map(([a, b]) => `${a}-${b}`),
    fc.tuple(value, value, step).map(([a, b, n]) => `${a}-${b}/${n}`),
    step.map((n) => `*/${n}`),
    fc.constant('*'),
    ...more,
  );
  return fc.array(token, { minLength: 1, maxLength: 3 }).map((tokens) => tokens.join(','));
}

const weekdays = fc.oneof(number(0, 7), names('sun MON tue wed Thu friday Saturday'));
const seconds = field(padded(0, 59));
const minutes = field(padded(0, 59));
const hours = field(padded(0, 23));
const days = field(
  padded(1, 31),
  fc.constantFrom('L', 'l', 'LW', '?'),
  number(1, 30).map((n) => `L-${n}`),
  number(1, 31).map((n) => `${n}W`),
);
const months = field(
  fc.oneof(padded(1, 12), names('jan FEB mar april may Jun july aug sep oct nov december')),
);
const weekdayField = field(
  weekdays,
  fc.constant('?'),
  weekdays.map((day) => `${day}L`),
  fc.tuple(weekdays, number(1, 5)).map(([day, nth]) => `${day}#${nth}`),
);
const expressions = fc
  .tuple(fc.option(seconds, { nil: null }), minutes, hours, days, months, weekdayField)
  .map((fields) => fields.filter((text) => text !== null).join(' '));

const mixed = fc
  .array(fc.constantFrom(...'0 1 5 7 9 31 60 * / - , # ? L W mon jan @ .'.split(' ')), { maxLength: 4 })
  .map((parts) => parts.join(''));
const broken = fc.tuple(expressions, fc.nat(5), mixed).map(([text, index, part]) =>
  text
    .split(' ')
    .with(index % text.split(' ').length, part)
    .join(' '),
);

function accepted(expression: string): boolean {
  try {
    parseCron(expression);
    return true;
  } catch (error) {
    if (isDomainError(error, 'schedule.invalid')) return false;
    throw error;
  }
}

describe('a cron expression', () => {
  it('is refused where node-cron refuses it', () => {
    fc.assert(
      fc.property(expressions, (text) => {
        expect(accepted(text), text).toBe(validate(text));
      }),
      { numRuns: 500 },
    );
    // Of what is broken node-cron takes a little more: a range from beyond the end of the field, "70-5" as "10-5".
    fc.assert(
      fc.property(broken, (text) => {
        expect(accepted(text) && !validate(text), text).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('names exactly the wall times at which node-cron would run', () => {
    const wall = fc.integer({ min: Date.UTC(2027, 0, 1) / 1000, max: Date.UTC(2030, 0, 1) / 1000 - 1 });
    fc.assert(
      fc.property(
        expressions.filter(validate),
        fc.array(wall, { minLength: 20, maxLength: 20 }),
        (text, at) => {
          const fields = parseCron(text);
          // One second, minute and hour that it names, so that the day decides half of the cases.
          const [s = 0, m = 0, h = 0] = [fields.seconds[0], fields.minutes[0], fields.hours[0]];
          const single = `${s} ${m} ${h} ${text.split(' ').slice(-3).join(' ')}`;
          const task = nodeCron(text);
          const slots = cronSlots({ kind: 'cron', expression: single });
          for (const second of at) {
            const day = new Date(Math.floor(second / 86_400) * 86_400_000);
            const named = slots({
              year: day.getUTCFullYear(),
              month: day.getUTCMonth() + 1,
              day: day.getUTCDate(),
            });
            expect(named.length === 1, `${text} ${day.toISOString()}`).toBe(
              task.matches(day.getTime() + ((h * 60 + m) * 60 + s) * 1000),
            );
            const time = new Date(second * 1000);
            const inTime =
              fields.seconds.includes(time.getUTCSeconds()) &&
              fields.minutes.includes(time.getUTCMinutes()) &&
              fields.hours.includes(time.getUTCHours());
            expect(named.length === 1 && inTime).toBe(task.matches(second * 1000));
          }
          task.destroy();
        },
      ),
      { numRuns: 150 },
    );
  });

  const slotsOn = (expression: string, year: number, month: number, day: number) =>
    cronSlots({ kind: 'cron', expression })({ year, month, day }).map((second) => second / 60);

  it('wants the day of the month and the day of the week', () => {
    // 13 August 2027 is a Friday, 13 July a Tuesday.
    expect(slotsOn('30 5 13 * fri', 2027, 8, 13)).toEqual([330]);
    expect(slotsOn('30 5 13 * fri', 2027, 7, 13)).toEqual([]);
    expect(slotsOn('30 5 13 * fri', 2027, 8, 20)).toEqual([]);
    expect(slotsOn('0 5,17 * * 7', 2027, 8, 15)).toEqual([300, 1020]);
    expect(slotsOn('0 5,17 * * 0', 2027, 8, 15)).toEqual([300, 1020]);
    expect(slotsOn('15 0 6 L * *', 2028, 2, 29)).toEqual([360.25]);
    expect(slotsOn('0 22-2/2 * * *', 2028, 2, 29)).toEqual([0, 120, 1320]);
  });

  it('says what is wrong with it', () => {
    const error = (expression: string) => () => cronSlots({ kind: 'cron', expression });
    expect(error('0 25 * * *')).toThrow('The schedule is not valid: "25" is no hour of a cron expression.');
    expect(error('0 5 * * funday')).toThrow('"funday" is no day of week of a cron expression');
    expect(error('0 5 * *')).toThrow('has 5 or 6 fields, "0 5 * *" has 4');
    expect(error('0 5 31 2,4 *')).toThrow('no month of the cron expression "0 5 31 2,4 *" has such a day');
    expect(error('70-5 5 * * *')).toThrow('"70-5" is no minute of a cron expression');
    expect(error('* * * * * *')).toThrow('names 86400 times a day; at most 1440 are taken');
    expect(error('* * * * *')).not.toThrow();
  });
});
