import type { Instant } from '#kit';

/** Key statements, for whoever asks. */
export interface StatementSource {
  /** Compact JWS of each statement after number `n`, in order. */
  statementsAfter(n: number): readonly string[];
}

/** Documents that move loudspeakers to another controller, for whoever asks. */
export interface RehomeSource {
  /** Compact JWS of each that is not over, oldest first. */
  inForce(): readonly string[];
}

/** Signed time, for whoever asks. */
export interface TimeSource {
  now(): Instant;
  /** Compact JWS. `receivedAt` is `now()` when the request came. */
  reply(request: { readonly v: 1; readonly nonce: string }, receivedAt: Instant): Promise<string>;
}
