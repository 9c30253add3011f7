import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { Stores } from '../unit-of-work.ts';
import { collisionsOf } from './collision.ts';
import { airingsOf } from './priority-airings.ts';

const DAY_MS = 86_400_000;

/**
 * By broadcast: the other priority items that it met at some loudspeaker as planned, because nobody had decided their order. Both were
 * aired, one after the other. Derived from what was ordered, like *pending*; those that met nothing are not in it.
 */
export async function collidedWith(
  read: Pick<Stores, 'broadcasts' | 'plans'>,
  broadcasts: readonly Broadcast[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  const starts = broadcasts
    .filter(({ priority, state }) => priority === 'priority' && state !== 'cancelled')
    .map(({ startsAt }) => startsAt)
    .sort((a, b) => a - b);
  // A page of a year with two of them needs no year: each is looked at with the days around it.
  for (const [from, to] of stretches(starts)) {
    const around = await read.broadcasts.prioritiesBetween(from, to);
    for (const { first, second } of collisionsOf(await airingsOf(read, around)))
      for (const [one, other] of [
        [first, second],
        [second, first],
      ] as const)
        found.set(one.broadcastId, [...(found.get(one.broadcastId) ?? []), other.broadcastId]);
  }
  return found;
}

/** [from, to) around instants in ascending order; where two would meet, they are one. */
function stretches(instants: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const at of instants) {
    const last = found.at(-1);
    if (last !== undefined && at - DAY_MS <= last[1]) last[1] = at + DAY_MS;
    else found.push([at - DAY_MS, at + DAY_MS]);
  }
  return found;
}
