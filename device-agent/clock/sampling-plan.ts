import type { Milliseconds } from '#kit';
import { burstIsOver, type SamplingPolicy, samplingGapMs } from './sampling-policy.ts';

/** Keeps the books that the sampling policy decides on: how old the estimate is, the burst that runs, how quiet the network is. */
export class SamplingPlan {
  readonly #policy: SamplingPolicy;
  #since: Milliseconds | undefined;
  #burstTaken: number | undefined;
  #roundTrips: Milliseconds[] = [];

  constructor(policy: SamplingPolicy) {
    this.#policy = policy;
  }

  get inBurst(): boolean {
    return this.#burstTaken !== undefined;
  }

  /** A burst from now on, unless one runs. */
  startBurst(): void {
    this.#burstTaken ??= 0;
  }

  /** The estimate rests on samples since then: what an earlier process had learnt. */
  goOnFrom(since: Milliseconds): void {
    this.#since = since;
  }

  /** The estimate has been started anew: with few samples, so a whole burst more of them. */
  restart(at: Milliseconds): void {
    this.#since = at;
    this.#burstTaken = 0;
  }

  /** One reply has come at local monotonic time `at`. True when it ended a burst. */
  taken(at: Milliseconds, roundTripMs: Milliseconds): boolean {
    this.#since ??= at;
    this.#roundTrips = [...this.#roundTrips, roundTripMs].slice(-this.#policy.quietBurstSize);
    if (this.#burstTaken === undefined) return false;
    this.#burstTaken += 1;
    if (!burstIsOver(this.#policy, this.#burstTaken, this.#spreadMs())) return false;
    this.#burstTaken = undefined;
    return true;
  }

  /** From the last request to the next. */
  gapMs(at: Milliseconds): Milliseconds {
    const ageMs = at - (this.#since ?? at);
    return samplingGapMs(this.#policy, { ageMs, inBurst: this.inBurst, spreadMs: this.#spreadMs() });
  }

  #spreadMs(): Milliseconds {
    if (this.#roundTrips.length < this.#policy.quietBurstSize) return Number.POSITIVE_INFINITY;
    return Math.max(...this.#roundTrips) - Math.min(...this.#roundTrips);
  }
}
