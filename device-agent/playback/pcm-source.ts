import type { Milliseconds } from '#kit';
import type { Station } from './relay/station.ts';

/** What to decode: a file, or bytes that come one after another (of verified content that is still being fetched). */
export type SourceRequest = {
  readonly durationMs: Milliseconds;
  /** Where in the content to begin. */
  readonly offsetMs: Milliseconds;
} & ({ readonly file: string } | { readonly bytes: AsyncIterable<Uint8Array> });

/** What frames that a source gave were. Those before the content (a chime, a tone that bridges a wait) are in none of these. */
export interface Parts {
  /** Frames of content. */
  readonly content: number;
  /** Of these, frames that came from another station, and frames of what stood in for it; absent where nothing is relayed. */
  readonly relayed?: number;
  readonly fallback?: number;
}

/** Content as PCM in the agent's format, pulled by its reader. */
export interface PcmSource {
  /** The blocks that `read` gives are to be taken as silence and are not even filled. */
  readonly silent: boolean;
  /**
   * Resolves when the first sound can be read without waiting.
   * @throws DomainError `decoder.missing` | `decoder.failed`
   */
  ready(): Promise<void>;
  /**
   * Fills the block as far as the content goes and answers the number of frames; 0 at the end.
   * @throws DomainError `decoder.failed` | `order.stream_failed`
   */
  read(block: Int16Array): Promise<number>;
  /** What the first `frames` frames that were read are. All are content where a source does not say. */
  parts?(frames: number): Parts;
  /** Lets go of everything at once. Never throws; may be called twice. */
  close(): Promise<void>;
}

/** Makes sources. Opening begins the work; what goes wrong shows in `ready` and `read`. */
export interface Decoder {
  open(request: SourceRequest): PcmSource;
  /**
   * Another station's stream, which is not connected to before it is asked to. Absent: nothing can be relayed. `allow`: from where it may come beside the public
   * Internet (see `StreamRules`).
   */
  station?(url: string, allow: readonly string[]): Station;
}

/** Opens a source at a place in its content. Opening begins the work, as with a decoder. */
export type OpenSource = (offsetMs: Milliseconds) => PcmSource;

/** What the first `frames` frames of a source are. */
export function partsOf(source: PcmSource | undefined, frames: number): Parts {
  return source?.parts?.(frames) ?? { content: frames };
}
