import { DomainError, isDomainError, type JournalFact, type KeyRing, verifyDocument } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import { orderFact } from './facts.ts';
import type { PlayItem } from './play-item.ts';

/**
 * Proves an accepted order again, with the keys that are in force now: what was signed with one that is not any more does
 * not sound. The fact that ends it, or null when all is well.
 */
export async function proofFailure(
  item: PlayItem,
  keys: KeyRing,
  time: TrustedTime,
): Promise<JournalFact | null> {
  try {
    const { hash } = await verifyDocument('order', item.record.document, keys);
    if (hash === item.record.hash) return null;
    throw new DomainError('document.bad_signature', { document: 'order', keyId: '' });
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return orderFact('failed', item, factTime(time), { code: error.code });
  }
}
