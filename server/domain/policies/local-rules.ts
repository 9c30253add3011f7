import type { Instant } from '#kit';
import type { LocalRules, Policy } from '#protocols';
import { offsetMinutes } from './zoned-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/** A policy in a zone as a loudspeaker can apply it without zone tables, for the instants from `from` up to `until`. */
export function rulesOf(
  policy: Policy,
  zone: string,
  from: Instant,
  until: Instant,
  sensitive: boolean,
): LocalRules {
  return { policy, offsets: offsetsOf(zone, from, until), until, sensitive };
}

/** The range that rules made at an instant cover: this calendar year (UTC) and the next, so that they change once a year. */
export function rulesRange(now: Instant): { readonly from: Instant; readonly until: Instant } {
  const year = new Date(now).getUTCFullYear();
  return { from: Date.UTC(year, 0, 1) - DAY_MS, until: Date.UTC(year + 2, 0, 1) };
}

const known = new Map<string, LocalRules['offsets']>();

function offsetsOf(zone: string, from: Instant, until: Instant): LocalRules['offsets'] {
  const key = `${zone} ${from} ${until}`;
  const found = known.get(key) ?? findOffsets(zone, from, until);
  known.set(key, found);
  return found;
}

function findOffsets(zone: string, from: Instant, until: Instant): LocalRules['offsets'] {
  const offsets = [{ from, minutes: offsetMinutes(zone, from) }];
  for (let at = from; at < until; at += DAY_MS) {
    const before = offsets.at(-1)?.minutes ?? 0;
    const minutes = offsetMinutes(zone, at + DAY_MS);
    if (minutes !== before) offsets.push({ from: changeBetween(zone, at, at + DAY_MS, before), minutes });
  }
  return offsets;
}

/** The first minute at which the offset is not `before` any more. */
function changeBetween(zone: string, from: Instant, to: Instant, before: number): Instant {
  let [last, next] = [from, to];
  while (next - last > MINUTE_MS) {
    const middle = last + Math.floor((next - last) / MINUTE_MS / 2) * MINUTE_MS;
    if (offsetMinutes(zone, middle) === before) last = middle;
    else next = middle;
  }
  return next;
}
