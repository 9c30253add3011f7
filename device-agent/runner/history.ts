import { countsForSessions, type JournalEntry, type PlayOrder, type SoundedSpan } from '#protocols';
import { playOrderOf } from '../inbox/payload.ts';
import type { OrderRecord } from '../state/order-store.ts';

/** Longer than a day and a session: limits are counted by local days. */
const REACH_MS = 50 * 3_600_000;

const ENDS: readonly string[] = ['finished', 'interrupted', 'failed', 'cancelled'];

/**
 * What sounded here in the last 50 hours, by what was told in the order in which it happened (the last of it may be told twice), for the limits
 * of sessions. What sounds now (`sounding`: hashes) ends now; a play whose end was never told counts for nothing.
 */
export function historyOf(
  entries: Iterable<Pick<JournalEntry, 'kind' | 'at' | 'orderHash' | 'play'>>,
  recordOf: (hash: string) => OrderRecord | undefined,
  facts: { readonly now: number; readonly sounding: ReadonlySet<string> },
): SoundedSpan[] {
  const { now, sounding } = facts;
  const open = new Map<string, number>();
  const spans: (SoundedSpan & { readonly hash: string })[] = [];
  for (const { kind, at, orderHash, play } of entries) {
    if (at < now - REACH_MS || orderHash === undefined || play === undefined) continue;
    const key = `${orderHash}/${play}`;
    const startedAt = open.get(key);
    if (kind === 'started') open.set(key, at);
    else if (startedAt !== undefined && ENDS.includes(kind)) {
      open.delete(key);
      spans.push({ startedAt, endedAt: Math.max(startedAt, at), emergency: false, hash: orderHash });
    }
  }
  for (const [key, startedAt] of open) {
    const hash = key.slice(0, key.indexOf('/'));
    if (sounding.has(hash) && startedAt <= now)
      spans.push({ startedAt, endedAt: now, emergency: false, hash });
  }
  return spans.flatMap(({ startedAt, endedAt, hash }) => {
    const order = orderOf(recordOf(hash));
    if (order === undefined) return [{ startedAt, endedAt, emergency: false }];
    const emergency = order.priority === 'emergency';
    return emergency || countsForSessions(order) ? [{ startedAt, endedAt, emergency }] : [];
  });
}

function orderOf(record: OrderRecord | undefined): PlayOrder | undefined {
  try {
    return record && playOrderOf(record);
  } catch {
    // An earlier version could read it, this one cannot: it counts as an ordinary one.
    return undefined;
  }
}
