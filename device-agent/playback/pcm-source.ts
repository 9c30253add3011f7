import type { Milliseconds } from '#kit';

export interface SourceRequest {
  readonly file: string;
  readonly durationMs: Milliseconds;
  /** Where in the content to begin. */
  readonly offsetMs: Milliseconds;
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
   * @throws DomainError `decoder.failed`
   */
  read(block: Int16Array): Promise<number>;
  /** Lets go of everything at once. Never throws; may be called twice. */
  close(): Promise<void>;
}

/** Makes sources. Opening begins the work; what goes wrong shows in `ready` and `read`. */
export interface Decoder {
  open(request: SourceRequest): PcmSource;
}
