import { isDeepStrictEqual } from 'node:util';
import type { Milliseconds } from '#kit';
import {
  BUILT_IN_DURATIONS_MS,
  type FileContent,
  type PlayOrder,
  type RelayContent,
  type StoredContent,
  type StoredMessage,
} from '#protocols';
import type { Medium } from '../media/medium.ts';
import { mediumContent } from '../media/medium-content.ts';
import type { Announcement } from './announcement.ts';
import { approvalHash, isApproved } from './approval-hash.ts';

declare const CLEARED: unique symbol;

/** What may sound. Only this file makes any, and whatever is signed takes nothing else: nothing unapproved becomes an order. */
export type Cleared<Sound> = Sound & { readonly [CLEARED]: true };
export type ClearedContent = Cleared<FileContent | RelayContent>;
export type ClearedPrelude = Cleared<PlayOrder['prelude'][number]>;
export type ClearedMessage = Cleared<StoredMessage>;

/** An order's sounds, all of them cleared. */
export interface ClearedSounds {
  readonly content: ClearedContent | Cleared<StoredContent>;
  readonly prelude: ClearedPrelude[];
}

/** What a file is to an order. */
type MediumFacts = Pick<Medium, 'sha256' | 'bytes' | 'durationMs' | 'chunkListSha256'>;

/** Why it may not: never approved or not any more; approved was something else; its file is not here; it has no sound. */
export type Unclear = 'not_approved' | 'changed' | 'not_stored' | 'no_audio';

/**
 * What an announcement sounds like on the air, or why it may not. `medium`: what its `mediaSha256` names, of a relay the fallback. The
 * one place that lets an announcement into orders, plans and stored messages.
 */
export function clear(
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
): { readonly content: ClearedContent } | { readonly unclear: Unclear } {
  const { state, approvedSha256, mediaSha256, stream } = announcement;
  if (state !== 'approved' || approvedSha256 === null) return { unclear: 'not_approved' };
  if (approvalHash(announcement) === null) return { unclear: 'no_audio' };
  if (!isApproved(announcement)) return { unclear: 'changed' };
  if (mediaSha256 !== null && medium?.sha256 !== mediaSha256) return { unclear: 'not_stored' };
  const file = mediaSha256 === null || !medium ? null : mediumContent(medium);
  if (stream === null) return file === null ? { unclear: 'no_audio' } : { content: cleared(file) };
  const { url, station, durationMs } = stream;
  return { content: cleared({ kind: 'relay', url, station, durationMs, fallback: file }) };
}

/** The message that loudspeakers keep; null for what they may not or are not to keep. */
export function clearMessage(announcement: Announcement, medium: MediumFacts | null): ClearedMessage | null {
  const sound = clear(announcement, medium);
  if (!announcement.stored || !('content' in sound) || sound.content.kind !== 'file') return null;
  const { id: name, title } = announcement;
  return cleared({ name, title, content: sound.content });
}

/** The same message as what sounds before something else. */
export function asPrelude({ name, content }: ClearedMessage): ClearedPrelude {
  return cleared({ name, durationMs: content.durationMs, file: content });
}

/** A built-in sound before the content (tones, the notice of an exercise): every loudspeaker makes it, and it says nothing that needs an approval. */
export function builtInPrelude(name: string): ClearedPrelude | null {
  return isBuiltIn(name) ? cleared({ name }) : null;
}

/** A built-in sound by itself, as a technician's test. Needs no approval, as above. */
export function builtInContent(
  name: keyof typeof BUILT_IN_DURATIONS_MS,
  durationMs: Milliseconds,
): Cleared<StoredContent> {
  return cleared({ kind: 'stored', name, durationMs });
}

/** An order of a plan line that was signed before, if what it names would be cleared the same now; null when not. */
export function clearAgain<Order extends Pick<PlayOrder, 'content' | 'prelude'>>(
  order: Order,
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
): (Omit<Order, keyof ClearedSounds> & ClearedSounds) | null {
  const sound = clear(announcement, medium);
  if (!('content' in sound) || !isDeepStrictEqual(order.content, sound.content)) return null;
  const prelude = order.prelude.flatMap(({ name }) => builtInPrelude(name) ?? []);
  if (prelude.length < order.prelude.length) return null;
  return { ...order, content: sound.content, prelude };
}

function isBuiltIn(name: string): name is keyof typeof BUILT_IN_DURATIONS_MS {
  return Object.hasOwn(BUILT_IN_DURATIONS_MS, name);
}

/** The mark is in the types alone: what is signed has no member more. */
function cleared<Sound>(sound: Sound): Cleared<Sound> {
  return sound as Cleared<Sound>;
}
