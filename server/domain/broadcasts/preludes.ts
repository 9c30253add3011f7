import { DomainError, type Priority } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import {
  asPrelude,
  builtInPrelude,
  type ClearedPrelude,
  clearMessage,
  type Place,
} from '../announcements/clearance.ts';
import { readPlayOrder } from '../dispatch/read-order.ts';
import { mediumOf } from '../media/medium.ts';
import type { Transaction } from '../unit-of-work.ts';
import type { Broadcast } from './broadcast.ts';

/**
 * The sounds before the content: built-in ones, or messages that loudspeakers keep, and what these are made of. A message is heard as any other: the actor
 * must be let broadcast what its station made, and an emergency message sounds in emergencies alone, which have their own rule of who stands for
 * them. Throws `request.not_found`, `request.forbidden`, `request.invalid`.
 */
export async function preludesOf(
  tx: Transaction,
  actor: Actor,
  names: readonly string[],
  { place, priority }: { readonly place: Place; readonly priority: Priority },
): Promise<ClearedPrelude[]> {
  const prelude: ClearedPrelude[] = [];
  for (const name of names) {
    const builtIn = builtInPrelude(name);
    if (builtIn !== null) {
      prelude.push(builtIn);
      continue;
    }
    const kept = await tx.announcements.get(name);
    if (kept === null) throw new DomainError('request.not_found', { what: 'sound', id: name });
    authorize(actor, 'broadcast:play', kept.areaId, place.territory.tree);
    if (kept.priority === 'emergency' && priority !== 'emergency')
      throw new DomainError('request.invalid', {
        reason: `the emergency message "${kept.title}" sounds before an emergency alone, not before one of priority "${priority}"`,
        field: 'body/prelude',
      });
    const medium = await mediumOf(tx, kept);
    const message = clearMessage(kept, medium, place);
    if (message === null) throw new DomainError('request.not_found', { what: 'sound', id: name });
    prelude.push(asPrelude(message));
  }
  return prelude;
}

/** The broadcasts of other announcements that are not over and have this one before their content. Plans name built-in sounds alone. */
export async function openBehind(tx: Transaction, announcementId: string): Promise<Broadcast[]> {
  const others = (await tx.broadcasts.open()).filter(
    (one) => one.scheduleId === null && one.announcementId !== announcementId,
  );
  const orders = await tx.broadcasts.ordersOf(others.map(({ id }) => id));
  const naming = new Set(
    orders
      .filter(({ kind, document }) => kind === 'play' && namesOf(document).includes(announcementId))
      .map(({ broadcastId }) => broadcastId),
  );
  return others.filter(({ id }) => naming.has(id));
}

/** What sounds before the content of an order to play. */
function namesOf(document: string): string[] {
  return readPlayOrder(document).prelude.map(({ name }) => name);
}
