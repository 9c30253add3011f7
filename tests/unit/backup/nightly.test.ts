import { describe, expect, it } from 'vitest';
import { isNightlyDue, lastNightly, nextNightly } from '../../../server/domain/backup/nightly.ts';

const ZONE = 'Asia/Ho_Chi_Minh';
/** 02:30 in Vietnam on 29 November 2026. */
const NIGHT = Date.UTC(2026, 10, 28, 19, 30);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const due = (now: number, succeededAt: number | null, attemptedAt: number | null = succeededAt) =>
  isNightlyDue(ZONE, '02:30', { succeededAt, attemptedAt }, now);

describe('the nightly backup', () => {
  it('has one instant each night, in the zone of the territory', () => {
    expect(lastNightly(ZONE, '02:30', NIGHT)).toBe(NIGHT);
    expect(lastNightly(ZONE, '02:30', NIGHT - 1)).toBe(NIGHT - DAY);
    expect(nextNightly(ZONE, '02:30', NIGHT)).toBe(NIGHT + DAY);
    expect(nextNightly(ZONE, '02:30', NIGHT - 1)).toBe(NIGHT);
  });

  it('is due from its instant on, once', () => {
    expect(due(NIGHT - 1, NIGHT - DAY)).toBe(false);
    expect(due(NIGHT, NIGHT - DAY)).toBe(true);
    expect(due(NIGHT + 60_000, NIGHT)).toBe(false);
  });

  it('that was missed because the box was off is made up for at the next start', () => {
    expect(due(NIGHT + 9 * HOUR, NIGHT - DAY)).toBe(true);
    expect(due(NIGHT + 5 * DAY + HOUR, NIGHT - DAY)).toBe(true);
    expect(due(NIGHT + HOUR, null)).toBe(true);
  });

  it('that somebody made by hand in the evening does not stand for the night', () => {
    expect(due(NIGHT, NIGHT - 5 * HOUR)).toBe(true);
  });

  it('is tried again an hour after a failure, not every few minutes', () => {
    expect(due(NIGHT + 10 * 60_000, NIGHT - DAY, NIGHT + 60_000)).toBe(false);
    expect(due(NIGHT + 61 * 60_000, NIGHT - DAY, NIGHT + 60_000)).toBe(true);
  });

  it('is not held up by attempts of a clock that was ahead', () => {
    expect(due(NIGHT, NIGHT - DAY, NIGHT + 300 * DAY)).toBe(true);
  });
});
