import { setImmediate as nextTurn } from 'node:timers/promises';
import { airTimeMs } from '#protocols';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import { expandRule } from '../../../server/domain/schedule/expand.ts';
import type { PreviewSlot } from '../../../server/domain/schedule/preview/preview-types.ts';
import { type BenchSchedule, FROM, TO, ZONE } from './data-set.ts';

/** Nothing sounds so long after it should have ended. */
const END_MARGIN_MS = 5_000;

/** The slots of all schedules, each expanded once; lets the event loop run in between, as the preview does. */
export async function slotsOfAll(schedules: readonly BenchSchedule[]): Promise<PreviewSlot[]> {
  const slots: PreviewSlot[] = [];
  for (const [number, schedule] of schedules.entries()) {
    for (const slot of slotsOf(schedule)) slots.push(slot);
    if (number % 50 === 49) await nextTurn();
  }
  return slots;
}

/** The slots of a schedule in the week: its items one after the other at each occurrence. */
function slotsOf(schedule: BenchSchedule): PreviewSlot[] {
  const { id, priority, title, issuedAt, targets, overlap, afterInterruption, override, repeat } = schedule;
  const slots: PreviewSlot[] = [];
  for (const { originalAt, startsAt } of expandRule(schedule.rule, ZONE, DEFAULT_HOLIDAYS, FROM, TO)) {
    let begins = startsAt;
    schedule.items.forEach(({ durationMs, gapMs }, position) => {
      const latestStartAt = begins + schedule.latenessMs;
      const hardEndAt = latestStartAt + airTimeMs({ durationMs, repeat }) + END_MARGIN_MS;
      slots.push({
        id: `${id}-${originalAt}-${position}`,
        ...{ priority, title, issuedAt, targets, overlap, afterInterruption, override, repeat },
        ...{ position, startsAt: begins, latestStartAt, hardEndAt, expiresAt: hardEndAt, durationMs },
        ...{
          leadMs: 0,
          keepsEnd: false,
          scheduleId: id,
          window: null,
          test: false,
          releases: [],
          plannedUntil: null,
        },
      });
      begins += airTimeMs({ durationMs, repeat }) + gapMs;
    });
  }
  return slots;
}
