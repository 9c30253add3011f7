import type { Clock, Instant } from '#kit';
import type { TimeReply, TimeRequest } from '#protocols';
import type { DocumentSigner } from './key-service.ts';

export interface TimeServiceOptions {
  readonly clock: Clock;
  readonly keys: DocumentSigner;
}

/** Tells signed time to who asks with a nonce. */
export class TimeService {
  readonly #clock: Clock;
  readonly #keys: DocumentSigner;
  /** Wall clock less monotonic time, to a fraction of a millisecond. */
  #anchor: number | undefined;

  constructor(options: TimeServiceOptions) {
    this.#clock = options.clock;
    this.#keys = options.keys;
  }

  /**
   * The wall clock with a fraction. The machine tells whole milliseconds; the monotonic clock fills them in, held inside the millisecond
   * that the wall clock shows, so that a step of the wall clock is followed at once.
   */
  now(): Instant {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    let fine = monotonic + (this.#anchor ?? wall - monotonic);
    if (fine < wall) fine = wall;
    else if (fine >= wall + 1) fine = wall + 0.999;
    this.#anchor = fine - monotonic;
    return fine;
  }

  /** A signed reply (compact JWS, use `time`). `receivedAt` is `now()` at the request's arrival. */
  async reply(request: TimeRequest, receivedAt: Instant): Promise<string> {
    const reply: TimeReply = { v: 1, nonce: request.nonce, receivedAt, sentAt: this.now() };
    return (await this.#keys.sign('time', reply)).document;
  }
}
