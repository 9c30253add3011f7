import type { SessionTooLong } from '#protocols';
import type { MadeSlot, WithheldSlot } from './slots.ts';

/** How much longer a session is than a leave for its series lets it be, where that alone is why an item lacks an approval. */
export function tooLongOf(one: MadeSlot | WithheldSlot): SessionTooLong | null {
  if (!('code' in one) || one.code !== 'approval.session_too_long') return null;
  return { minutes: Number(one.params.minutes), limit: Number(one.params.limit) };
}
