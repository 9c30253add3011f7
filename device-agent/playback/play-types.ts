import type { Instant, Milliseconds } from '#kit';
import type { DomainError, ErrorCode } from '#protocols';
import type { OpenSource } from './pcm-source.ts';

/** What to play and when. Instants are true UTC; the engine's `toMonotonic` maps them to the local clock. */
export interface PlayRequest {
  /** Decoded, unless `open` gives the sound. */
  readonly file: string;
  /** Where the content comes from when it is no file for the decoder. */
  readonly open?: OpenSource;
  /** What sounds before the content of the first repetition, in this order and without a gap. It is no part of positions and counts. */
  readonly prelude?: readonly OpenSource[];
  /** Length of the whole content, as measured when it was prepared. */
  readonly durationMs: Milliseconds;
  readonly startAt: Instant;
  /** After this it is not begun any more. Without one it begins whenever it can. */
  readonly latestStartAt?: Instant;
  /** Nothing sounds after this. */
  readonly hardEndAt?: Instant;
  /**
   * 0 by default. A function is asked for the gain at an instant while sound is on; a change is reached in 2 s, and a lower gain is
   * reached by the instant from which it holds.
   */
  readonly gainDb?: number | ((instant: Instant) => number);
  /** Length of the fade when it is stopped, 0 to 300; 200 by default. */
  readonly fadeOutMs?: Milliseconds;
  /** Once by default. The interval is silence between the end of one and the start of the next. */
  readonly repeat?: { readonly count: number; readonly intervalMs: Milliseconds };
  /** Where in the content to begin, when an interrupted play goes on. Repetitions begin at 0. */
  readonly offsetMs?: Milliseconds;
  /** Its abort stops the play; the reason given is the reason reported (a string, or else "aborted"). */
  readonly signal?: AbortSignal;
}

/** How far a play has come. */
export interface PlayPosition {
  /** Counted from 0. */
  readonly repetition: number;
  /** In the content, from its very beginning (a resumed play starts at its offset). */
  readonly positionMs: Milliseconds;
  /** What sounded may be this much more or less. */
  readonly uncertaintyMs: Milliseconds;
}

/** What was really written to the output. */
export interface PlayLevels {
  /** RMS over all that sounded, dBFS; −120 when silent or not known. */
  readonly meanDb: number;
  readonly peakDb: number;
  /** Of a relay: how much came from the other station, and how much was the fallback. */
  readonly relayedMs?: Milliseconds;
  readonly fallbackMs?: Milliseconds;
}

/** How a play ended. `position` is null when no content sounded. */
export type PlayOutcome =
  | ({
      readonly kind: 'finished';
      /** Frames of content at 48 kHz that were played, all repetitions together. */
      readonly framesPlayed: number;
      readonly durationMs: Milliseconds;
      /** Content left out to catch up after the device had lost time; 0 when all is well. */
      readonly skippedMs: Milliseconds;
    } & PlayLevels)
  | ({
      readonly kind: 'interrupted';
      readonly reason: string;
      /** Something was heard, if only what comes before the content. */
      readonly begun: boolean;
      readonly position: PlayPosition | null;
    } & PlayLevels)
  | ({
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly error: DomainError;
      readonly position: PlayPosition | null;
    } & PlayLevels)
  | { readonly kind: 'missed'; readonly reason: 'too_late' | 'not_ready' };

/** The first frame of a repetition has left the loudspeaker. */
export interface PlayStarted {
  readonly repetition: number;
  readonly plannedAt: Instant;
  readonly realAt: Instant;
  /** `realAt` less `plannedAt`, by the output's own account. */
  readonly startErrorMs: Milliseconds;
}

export interface PlayEvents {
  /** Decoded, and silence is flowing: the next thing is the sound. */
  ready: { readonly aheadMs: Milliseconds };
  /** The first frame of a repetition has been handed to the output: it sounds as much later as the output needs. */
  placed: { readonly repetition: number };
  started: PlayStarted;
  /** About every second while content sounds. */
  position: PlayPosition;
  ended: PlayOutcome;
}
