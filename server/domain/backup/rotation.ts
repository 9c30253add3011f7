import type { Instant } from '#kit';
import { localDay, localDayNumber } from '../policies/zoned-time.ts';

/** How many backups a place keeps: the newest of so many days, weeks (from Monday) and months. */
export interface Keep {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

/** A clock that was set back by less than this makes nothing that it wrote one of the future. */
export const AHEAD_MS = 10 * 60_000;

/**
 * Which of a place's backups may go. Kept: the newest of each of the last days, weeks and months that have one, and in any case the
 * newest of all. Days are those of the zone. What a clock that was ahead has dated takes no place of these: by the same rule as many are
 * kept of it, until its time has come.
 */
export function outdated<Kept extends { readonly at: Instant }>(
  backups: readonly Kept[],
  keep: Keep,
  zone: string,
  now: Instant,
): Kept[] {
  const isAhead = ({ at }: Kept) => at > now + AHEAD_MS;
  const groups = [backups.filter((one) => !isAhead(one)), backups.filter(isAhead)];
  return groups.flatMap((group) => outdatedOf(group, keep, zone));
}

function outdatedOf<Kept extends { readonly at: Instant }>(
  backups: readonly Kept[],
  { daily, weekly, monthly }: Keep,
  zone: string,
): Kept[] {
  const newestFirst = [...backups].sort((a, b) => b.at - a.at);
  const keep = new Set<Kept>(newestFirst.slice(0, 1));
  const periods: readonly [number, (at: Instant) => string | number][] = [
    [daily, (at) => localDayNumber(zone, at)],
    // 1970-01-01 was a Thursday.
    [weekly, (at) => Math.floor((localDayNumber(zone, at) + 3) / 7)],
    [monthly, (at) => `${localDay(zone, at).year}-${localDay(zone, at).month}`],
  ];
  for (const [most, periodOf] of periods) {
    const seen = new Set<string | number>();
    for (const backup of newestFirst) {
      const period = periodOf(backup.at);
      if (seen.has(period)) continue;
      if (seen.size === most) break;
      seen.add(period);
      keep.add(backup);
    }
  }
  return newestFirst.filter((backup) => !keep.has(backup));
}
