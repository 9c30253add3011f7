import type { Instant, Milliseconds } from '#kit';

/**
 * One exchange with the controller, its signature and nonce already verified by the source. A server time without a
 * fraction is taken as cut down to the millisecond: the true one may be up to 1 ms later.
 */
export interface TimeSample {
  /** Local monotonic time, taken just before the request was handed to the socket. */
  readonly sentAt: Milliseconds;
  /** Controller's time when it had the request. */
  readonly serverReceivedAt: Instant;
  /** Controller's time when it sent the reply; not before `serverReceivedAt`. */
  readonly serverSentAt: Instant;
  /** Local monotonic time, taken as soon as the reply's bytes had come, before anything was verified. */
  readonly receivedAt: Milliseconds;
}

/** Where signed time comes from. */
export interface TimeSource {
  /**
   * Asks once. Resolves only with a reply whose signature holds and that carries this nonce; the local times are
   * those of the agent's `Clock.monotonic()`. Rejects when the link is down, on a bad reply, and on abort.
   */
  request(nonce: string, signal: AbortSignal): Promise<TimeSample>;
}
