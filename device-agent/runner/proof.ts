import { DomainError, isDomainError, type JournalFact, type KeyRing, verifyDocument } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import { orderFact } from './facts.ts';
import type { PlayItem } from './play-item.ts';

/**
 * Proves an accepted order again, with the keys that are in force now: what was signed with one that is not any more does
 * not sound. A slot is proved by the plan head that names it. The fact that ends it, or null when all is well.
 */
export async function proofFailure(
  item: PlayItem,
  keys: KeyRing,
  time: TrustedTime,
): Promise<JournalFact | null> {
  try {
    const { proveSlot, record, plays } = item;
    await (proveSlot === null ? proveOrder(item, keys) : proveSlot({ ...record, plays }, keys));
    return null;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const { code } = error;
    return orderFact(code === 'plan.withdrawn' ? 'cancelled' : 'failed', item, factTime(time), { code });
  }
}

async function proveOrder({ record }: PlayItem, keys: KeyRing): Promise<void> {
  const { hash } = await verifyDocument('order', record.document, keys);
  if (hash !== record.hash) throw new DomainError('document.bad_signature', { document: 'order', keyId: '' });
}
