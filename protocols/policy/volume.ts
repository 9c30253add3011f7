import type { VolumePeriod } from '../documents/assignment.ts';
import type { LocalRules } from './local-rules.ts';
import { minutesOf, type Offsets, timeOfDayAt } from './local-time.ts';
import { completePolicy } from './policy.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The lowest cap that the rules set on the sum of all gains at an instant, dB; null: none. */
export function volumeCapAt(rules: LocalRules, instant: number): number | null {
  return volumeCapBetween(rules, instant, instant + 1);
}

/** The same for something that sounds over the whole range [from, to): it is never too loud for a part of it. */
export function volumeCapBetween(rules: LocalRules, from: number, to: number): number | null {
  const { night, sensitive } = completePolicy(rules.policy);
  const caps = [
    ...(night !== null && inDailyRange(rules.offsets, night, from, to) ? [night.capDb] : []),
    ...(sensitive !== null && rules.sensitive ? [sensitive.capDb] : []),
  ];
  return caps.length === 0 ? null : Math.min(...caps);
}

/** The cap of a technician's test, beside every other; null: no tests. dB. */
export function testCap(rules: LocalRules): number | null {
  return completePolicy(rules.policy).testing?.capDb ?? null;
}

/** The gain of the first period of the day that an instant lies in, dB; null: none does. */
export function profileGainAt(
  periods: readonly VolumePeriod[],
  offsets: Offsets,
  instant: number,
): number | null {
  const period = periods.find((one) => inDailyRange(offsets, one, instant, instant + 1));
  return period?.gainDb ?? null;
}

/** Whether [from, to) touches a part of the day that may go over midnight; the same minute twice is the whole day. */
function inDailyRange(
  offsets: Offsets,
  part: { readonly from: string; readonly to: string },
  from: number,
  to: number,
): boolean {
  const begins = minutesOf(part.from) * MINUTE_MS;
  const lasts = (minutesOf(part.to) * MINUTE_MS - begins + DAY_MS) % DAY_MS || DAY_MS;
  const since = (timeOfDayAt(offsets, from) - begins + DAY_MS) % DAY_MS;
  return since < lasts || since + (to - from) > DAY_MS;
}
