import { DomainError, newId, type OccurrenceAct } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import { formatDay } from '../calendar/day-number.ts';
import { instantOf, localDay } from '../policies/zoned-time.ts';
import { originalsIfAny } from './originals.ts';
import type { Schedule } from './schedule.ts';
import type { SeriesCalendar } from './series.ts';

const SECOND_MS = 1_000;

/**
 * A schedule that airs once more, at `startsAt`, what a series has at `originalAt`: its own series, linked to that one. Throws
 * `schedule.no_occurrence` where the series has none there and `broadcast.starts_in_past`.
 */
export function againSchedule(
  parts: readonly Schedule[],
  { originalAt, startsAt }: Extract<OccurrenceAct, { kind: 'again' }>,
  actor: Actor,
  { zone, holidays, now }: SeriesCalendar,
): Schedule {
  const part = parts.find(
    ({ rule }) => originalsIfAny(rule, zone, holidays)(originalAt, originalAt + 1).length > 0,
  );
  if (part === undefined)
    throw new DomainError('schedule.no_occurrence', {
      id: parts[0]?.id ?? '',
      originalAt: new Date(originalAt).toISOString(),
    });
  if (startsAt <= now)
    throw new DomainError('broadcast.starts_in_past', { startsAt: new Date(startsAt).toISOString() });
  const day = localDay(zone, startsAt);
  const sinceMidnight = Math.floor((startsAt - instantOf(zone, day, 0)) / SECOND_MS);
  const time = readingOf(zone, day, startsAt) ?? clockOf(Math.min(sinceMidnight, 86_399));
  const slot = instantOf(zone, day, secondsOf(time) / 60);
  const change = {
    kind: 'move' as const,
    originalAt: slot,
    startsAt,
    by: actor.name,
    reason: 'no wall clock shows this instant alone',
  };
  return {
    ...part,
    id: newId('sch', now),
    seriesId: newId('ser', now),
    rule: {
      recurrence: { kind: 'once', day: formatDay(day), time },
      ...{ fromDay: null, untilDay: null, fromInstant: null, beforeInstant: null },
      changes: slot === startsAt ? [] : [change],
    },
    againOf: { seriesId: part.seriesId, originalAt },
    ...{ pausedAt: null, pausedBy: null, deletedAt: null },
    ...{ createdBy: actor.name, createdAt: now, updatedAt: now },
  };
}

/** What the zone's clocks show at an instant, if they show it at no other. */
function readingOf(zone: string, day: ReturnType<typeof localDay>, at: number): string | null {
  const midnight = instantOf(zone, day, 0);
  // Clocks change by hours and half-hours: the reading is one of these.
  for (const shiftMs of [0, 3_600_000, -3_600_000, 1_800_000, -1_800_000]) {
    const seconds = (at - midnight + shiftMs) / SECOND_MS;
    if (!Number.isInteger(seconds) || seconds < 0 || seconds >= 86_400) continue;
    if (instantOf(zone, day, seconds / 60) === at) return clockOf(seconds);
  }
  return null;
}

function clockOf(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
