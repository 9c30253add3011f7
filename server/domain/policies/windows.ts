import type { Instant, Milliseconds } from '#kit';
import { DomainError, type Policy, type Window } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { describeWindows, policyOf } from './policy.ts';
import { addDays, instantOf, localDay, weekday } from './zoned-time.ts';

/** The window that is open from `startsAt` to `endsAt` without a break, or undefined. Windows that touch are one. */
export function openWindow(
  policy: Policy,
  zone: string,
  startsAt: Instant,
  endsAt: Instant,
): Window | undefined {
  return windowsAround(policy, zone, startsAt, endsAt).find(
    ({ opensAt, closesAt }) => opensAt <= startsAt && endsAt <= closesAt,
  );
}

/** Every window from the day before `from` to the day after `to`, as instants, joined where they touch or overlap. */
export function windowsAround(policy: Policy, zone: string, from: Instant, to: Instant): Window[] {
  const first = addDays(localDay(zone, from), -1);
  const days = Math.ceil((to - from) / 86_400_000) + 3;
  const single: Window[] = [];
  for (let i = 0; i < days; i++) {
    const day = addDays(first, i);
    for (const window of policy.windows) {
      if (!window.days.includes(weekday(day))) continue;
      const opensAt = instantOf(zone, day, minutesOf(window.opens));
      const closesAt = instantOf(zone, day, minutesOf(window.closes));
      if (closesAt > opensAt) single.push({ opensAt, closesAt });
    }
  }
  return join(single.sort((a, b) => a.opensAt - b.opensAt));
}

function join(sorted: readonly Window[]): Window[] {
  const joined: Window[] = [];
  for (const window of sorted) {
    const last = joined.at(-1);
    if (last === undefined || window.opensAt > last.closesAt) joined.push(window);
    else joined[joined.length - 1] = { ...last, closesAt: Math.max(last.closesAt, window.closesAt) };
  }
  return joined;
}

function minutesOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** Where the policy names no limit: a week. Repetitions months apart are no session, and would have us look at each day between. */
const LONGEST_SESSION_MINUTES = 7 * 24 * 60;

/** An airing that is measured against the policies of the areas where it would sound. */
export interface Airing {
  readonly startsAt: Instant;
  /** From the first sound to the last, repeats and pauses included. */
  readonly airTimeMs: Milliseconds;
}

/**
 * The window that every one of the areas has open for the whole of an airing: their intersection. Throws
 * `policy.session_too_long` and `policy.outside_window`, naming the first area that has none.
 */
export function requireWindow(areaIds: Iterable<string>, tree: AreaTree, airing: Airing): Window {
  const common = { opensAt: 0, closesAt: Number.MAX_SAFE_INTEGER };
  const seen = new Set<string>();
  for (const areaId of areaIds) {
    const zone = tree.zoneOf(areaId);
    const text = tree.policyOf(areaId);
    const rule = JSON.stringify([zone, text]);
    if (seen.has(rule)) continue;
    seen.add(rule);
    const window = windowFor(areaId, zone, policyOf(text), airing);
    common.opensAt = Math.max(common.opensAt, window.opensAt);
    common.closesAt = Math.min(common.closesAt, window.closesAt);
  }
  return common;
}

function windowFor(areaId: string, zone: string, policy: Policy, { startsAt, airTimeMs }: Airing): Window {
  const limit = policy.sessionMinutes ?? LONGEST_SESSION_MINUTES;
  if (airTimeMs > limit * 60_000)
    throw new DomainError('policy.session_too_long', {
      minutes: Math.ceil(airTimeMs / 60_000),
      area: areaId,
      limit,
    });
  const window = openWindow(policy, zone, startsAt, startsAt + airTimeMs);
  if (window !== undefined) return window;
  throw new DomainError('policy.outside_window', {
    area: areaId,
    at: new Date(startsAt).toISOString(),
    zone,
    windows: describeWindows(policy),
  });
}
