import type { ErrorCode } from '../errors/index.ts';
import type { Trust } from '../messages/speaker.ts';
import type { LocalRules } from '../policy/local-rules.ts';
import type { Item } from './item.ts';
import type { SoundedSpan } from './sessions.ts';

/**
 * The instant by which it is judged whether something is over. Without trusted time it is over only when that is certain; and with it what is
 * certain counts, too, should the clock that is trusted show less.
 */
export function sureOf({ now, notBefore, trust }: Pick<Situation, 'now' | 'notBefore' | 'trust'>): number {
  return trust === 'trusted' ? Math.max(now, notBefore) : notBefore;
}

/** Everything that decides what sounds. */
export interface Situation {
  /** Best known time. */
  readonly now: number;
  /** The true time is not before this, whatever the clocks say: signed time, and what has passed since. */
  readonly notBefore: number;
  readonly trust: Trust;
  readonly muted: boolean;
  readonly maintenance: boolean;
  /** When a mute or maintenance that is in force ends, as far as that is said. */
  readonly holdEnds: readonly number[];
  /** Ids of the latches that are set here. */
  readonly latches: readonly string[];
  /** The rules that hold here; null: there are none, and nothing but emergencies sounds. */
  readonly rules: LocalRules | null;
  /** What sounded in the last day and more; what sounds now ends now. Only needed where the rules limit sessions. */
  readonly history: readonly SoundedSpan[];
  /** The journal can be written. */
  readonly journalOk: boolean;
  readonly items: readonly Item[];
  /** The item that the output is busy with, silence before its start included. */
  readonly current: string | null;
  /** The priority item that speaks over it, or that spoke over one that has ended meanwhile. */
  readonly voice: string | null;
}

/** What is to be done. */
export interface Verdict {
  /** What the output should be busy with. */
  readonly sound: string | null;
  /** Why the current item has to give way, when it has to. */
  readonly stop: ErrorCode | null;
  /** The priority item that should speak over it; `sound` is ducked meanwhile. */
  readonly voice: string | null;
  /** Why the voice has to give way, when it has to. */
  readonly stopVoice: ErrorCode | null;
  /** Items that will not begin any more, and why. */
  readonly over: readonly { readonly id: string; readonly code: ErrorCode }[];
  /** Items whose next repetition will not begin any more, and why: it counts as passed, and the one after it is next. */
  readonly passed: readonly { readonly id: string; readonly code: ErrorCode }[];
  /** Why items that are due do not begin now. */
  readonly blocked: ReadonlyMap<string, ErrorCode>;
  /** Of those that are queued: the item that has the loudspeaker. */
  readonly waitsFor: ReadonlyMap<string, string>;
  /** When to look again though nothing else has happened. */
  readonly nextAt: number | null;
}
