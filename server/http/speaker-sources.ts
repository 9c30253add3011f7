import type { Instant } from '#kit';

/** Key statements, for whoever asks. */
export interface StatementSource {
  /** Compact JWS of each statement after number `n`, in order. */
  statementsAfter(n: number): readonly string[];
}

/** Signed time, for whoever asks. */
export interface TimeSource {
  now(): Instant;
  /** Compact JWS. `receivedAt` is `now()` when the request came. */
  reply(request: { readonly v: 1; readonly nonce: string }, receivedAt: Instant): Promise<string>;
}
