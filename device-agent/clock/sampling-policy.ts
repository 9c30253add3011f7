import type { Milliseconds } from '#kit';

/** When to ask for the time. Every request costs about 630 bytes on the wire: 160 up, 420 down with the signature, 52 for TCP's acknowledgement. */
export interface SamplingPolicy {
  /** Requests in one burst: at the first contact, after a long absence, and before a planned start. */
  readonly burstSize: number;
  /** A burst on a network whose delays hardly vary ends after so many: more of the same say nothing new. */
  readonly quietBurstSize: number;
  /** Between two requests of a burst. ≥ 300 ms: TCP keeps order, so a message behind a slow one shares its delay. */
  readonly burstGapMs: Milliseconds;
  /** Round trips that spread by less than this are a quiet network. */
  readonly quietSpreadMs: Milliseconds;
  /** While the drift is being learnt, a request each time the age of the estimate has grown by one part in so many. */
  readonly warmUpParts: number;
  /** The same on a quiet network, where each sample says more. */
  readonly quietWarmUpParts: number;
  /** Between two requests in the long run. */
  readonly backgroundMs: Milliseconds;
  /** An estimate whose newest sample is older than this is worth a burst when the link comes back. */
  readonly staleMs: Milliseconds;
  /** A planned start asks for a burst when the bound at that time would be wider. */
  readonly sharpenBoundMs: Milliseconds;
  /** A burst for a planned start begins this long before it. */
  readonly sharpenLeadMs: Milliseconds;
}

/**
 * A burst of 64 (half a minute, 40 kB), about 420 requests over the first 10 hours while the drift is learnt, then
 * one in 10 minutes: 4,320 a month, 2.7 MB with TLS. On a quiet network 8, then about 60, then the same.
 */
export const DEFAULT_SAMPLING: SamplingPolicy = {
  burstSize: 64,
  quietBurstSize: 8,
  burstGapMs: 400,
  quietSpreadMs: 2,
  warmUpParts: 60,
  quietWarmUpParts: 8,
  backgroundMs: 600_000,
  staleMs: 3_600_000,
  sharpenBoundMs: 5,
  sharpenLeadMs: 45_000,
};

/** What the policy decides on. */
export interface SamplingSituation {
  /** Since the estimate's first sample; 0 before it. */
  readonly ageMs: Milliseconds;
  readonly inBurst: boolean;
  /** Longest − shortest of the newest round trips; infinite with fewer than `quietBurstSize`. */
  readonly spreadMs: Milliseconds;
}

/** Whether the burst that runs has brought what it can. */
export function burstIsOver(policy: SamplingPolicy, taken: number, spreadMs: Milliseconds): boolean {
  return taken >= policy.burstSize || (taken >= policy.quietBurstSize && spreadMs <= policy.quietSpreadMs);
}

/** Time from one request to the next. */
export function samplingGapMs(policy: SamplingPolicy, situation: SamplingSituation): Milliseconds {
  if (situation.inBurst) return policy.burstGapMs;
  const parts = situation.spreadMs <= policy.quietSpreadMs ? policy.quietWarmUpParts : policy.warmUpParts;
  return Math.min(policy.backgroundMs, Math.max(policy.burstGapMs, situation.ageMs / parts));
}
