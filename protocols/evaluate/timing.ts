import type { ErrorCode } from '../errors/index.ts';
import { MAX_TEST_MS } from '../policy/policy.ts';
import { nextWindowAt, rulesCover, testWindowAt } from '../policy/windows.ts';
import type { Item } from './item.ts';
import type { Situation } from './situation.ts';

/** The output is taken this long before the planned instant: decoding and priming need their time. */
export const PREPARE_MS = 5_000;

/** When an item may begin and has to end, as the rules and its own window have it. */
export interface Timing {
  /** When it begins at the earliest. */
  readonly beginsAt: number;
  /** When nothing of it may sound any more. */
  readonly endsAt: number;
  /** Why it may not begin at all as things are. */
  readonly code: ErrorCode | null;
}

/** When nothing of an item may sound any more, whatever the loudspeaker's rules say. */
export function endOf(item: Pick<Item, 'hardEndAt' | 'window'>): number {
  return item.window === null ? item.hardEndAt : Math.min(item.hardEndAt, item.window.closesAt);
}

/** Why an item is cut at the instant at which it has to end: by its own hard end, or earlier, by the end of a window. */
export function cutCode(
  { priority, hardEndAt }: Pick<Item, 'priority' | 'hardEndAt'>,
  endsAt: number,
): ErrorCode {
  return priority === 'emergency' || endsAt >= hardEndAt ? 'order.hard_end' : 'order.outside_window';
}

/**
 * When an item may begin and has to end. An emergency is bound by its order alone, and so is what sounds by leave of a person while
 * there are rules; a test by testing hours; all else by the first window that the rules have open in time.
 */
export function timingOf(item: Item, { now, rules }: Pick<Situation, 'now' | 'rules'>): Timing {
  const { plannedAt, test, window } = item;
  const endsAt = endOf(item);
  const beginsAt = window === null ? plannedAt : Math.max(plannedAt, window.opensAt);
  if (item.priority === 'emergency') return { beginsAt, endsAt, code: null };
  const from = Math.max(beginsAt, now);
  const never = (code: ErrorCode) => ({ beginsAt: plannedAt, endsAt, code });
  if (rules === null || !rulesCover(rules, from)) return never('policy.expired');
  if (test) {
    const hours = item.airTimeMs <= MAX_TEST_MS ? testWindowAt(rules, from) : undefined;
    if (hours === undefined) return never('policy.no_tests');
    return { beginsAt, endsAt: Math.min(endsAt, hours.closesAt), code: null };
  }
  if (item.override) return { beginsAt, endsAt, code: null };
  const open = nextWindowAt(rules, from);
  if (open === undefined) return never('order.outside_window');
  const opensAt = Math.max(beginsAt, open.opensAt);
  if (opensAt >= endsAt || opensAt > Math.max(item.latestStartAt, plannedAt))
    return never('order.outside_window');
  return { beginsAt: opensAt, endsAt: Math.min(endsAt, open.closesAt), code: null };
}
