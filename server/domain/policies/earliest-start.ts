import type { Instant, Milliseconds } from '#kit';
import { isDomainError } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { policyOf } from './policy.ts';
import { requireWindow, windowsAround } from './windows.ts';

/** When the loudspeakers have something else to play. */
export interface Busy {
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

/** Silence left between an airing and what was planned. */
const SPACE_MS = 5_000;

/**
 * The first instant from `from` on at which something of `airTimeMs` fits into a window of every one of the areas, beside nothing that is
 * planned there, ending before `until`, where it is `allowed`. Undefined when there is none.
 */
export function earliestStart(
  areaIds: Iterable<string>,
  tree: AreaTree,
  busy: readonly Busy[],
  wanted: {
    readonly from: Instant;
    readonly until: Instant;
    readonly airTimeMs: Milliseconds;
    /** Whether it may begin there for all that the windows do not say; everywhere by default. */
    readonly allowed?: (startsAt: Instant) => boolean;
  },
): Instant | undefined {
  const { from, until, airTimeMs, allowed = () => true } = wanted;
  const ids = [...areaIds];
  const opens = ids.flatMap((id) =>
    windowsAround(policyOf(tree.policyOf(id)), tree.zoneOf(id), from, until).map(({ opensAt }) => opensAt),
  );
  const candidates = [from, ...opens, ...busy.map(({ endsAt }) => Math.ceil(endsAt + SPACE_MS))];
  return [...new Set(candidates)]
    .filter((at) => at >= from && at + airTimeMs <= until)
    .sort((a, b) => a - b)
    .find((at) => fits(ids, tree, at, airTimeMs) && isFree(busy, at, airTimeMs) && allowed(at));
}

function isFree(busy: readonly Busy[], at: Instant, airTimeMs: Milliseconds): boolean {
  return busy.every(
    ({ startsAt, endsAt }) => at + airTimeMs + SPACE_MS <= startsAt || at >= endsAt + SPACE_MS,
  );
}

function fits(ids: readonly string[], tree: AreaTree, startsAt: Instant, airTimeMs: Milliseconds): boolean {
  try {
    requireWindow(ids, tree, { startsAt, airTimeMs });
    return true;
  } catch (error) {
    if (isDomainError(error, 'policy.outside_window') || isDomainError(error, 'policy.session_too_long'))
      return false;
    throw error;
  }
}
