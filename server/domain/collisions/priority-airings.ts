import type { Instant } from '#kit';
import { airTimeMs, type PlayOrder, plannedItem } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import { resolvePlanned } from '../broadcasts/plan-targets.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import { readPlayOrder } from '../dispatch/read-order.ts';
import type { StoredSlot } from '../plans/plan.ts';
import { readLine } from '../plans/slot-line.ts';
import type { Stores } from '../unit-of-work.ts';
import type { PriorityAiring } from './collision.ts';

/** As lines are written: it is never inside a title, where the quotes would be escaped. */
const PRIORITY_MEMBER = '"priority":"priority"';

/** What a slot of the plan is to its equals; null: it is no priority item. */
export function airingOfSlot(
  slot: StoredSlot,
  tree: AreaTree,
  speakers: SpeakerIndex,
): PriorityAiring | null {
  // Of thousands of lines few are parsed.
  if (!slot.line.includes(PRIORITY_MEMBER)) return null;
  const order = readLine(slot.line);
  const { broadcastId, areaId, scheduleId, originalAt } = slot;
  return {
    ...{ broadcastId, areaId, scheduleId, originalAt, title: order.title },
    ...timesOf(order),
    speakerIds: new Set(resolvePlanned(order.targets, tree, speakers).speakerIds),
  };
}

/** The priority items among these broadcasts, as they were ordered or planned last, at the loudspeakers of their snapshots. */
export async function airingsOf(
  read: Pick<Stores, 'broadcasts' | 'plans'>,
  broadcasts: readonly Broadcast[],
): Promise<PriorityAiring[]> {
  const wanted = broadcasts.filter(({ priority, state }) => priority === 'priority' && state !== 'cancelled');
  const ids = wanted.map(({ id }) => id);
  if (ids.length === 0) return [];
  const orders = new Map<string, PlayOrder>();
  for (const { broadcastId, line } of await read.plans.slotsOf(ids)) orders.set(broadcastId, readLine(line));
  for (const { broadcastId, kind, document } of await read.broadcasts.ordersOf(ids)) {
    if (kind !== 'play') continue;
    const order = readPlayOrder(document);
    if (order.revision > (orders.get(broadcastId)?.revision ?? 0)) orders.set(broadcastId, order);
  }
  const airings: PriorityAiring[] = [];
  for (const { id, areaId, title, scheduleId, originalAt } of wanted) {
    const order = orders.get(id);
    const snapshot = await read.broadcasts.snapshot(id);
    if (order === undefined || snapshot === null) continue;
    const speakerIds = new Set(snapshot.speakerIds);
    airings.push({ broadcastId: id, areaId, title, scheduleId, originalAt, ...timesOf(order), speakerIds });
  }
  return airings;
}

function timesOf(order: PlayOrder): {
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly askedAt: Instant;
} {
  const item = plannedItem(order, null);
  return {
    startsAt: item.startsAt,
    endsAt: item.startsAt + airTimeMs(item),
    askedAt: item.issuedAt,
  };
}
