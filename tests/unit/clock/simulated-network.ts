import type { OffsetEstimator } from '../../../device-agent/clock/offset-estimator.ts';
import { SamplingPlan } from '../../../device-agent/clock/sampling-plan.ts';
import { DEFAULT_SAMPLING } from '../../../device-agent/clock/sampling-policy.ts';
import type { TimeSample } from '../../../device-agent/clock/time-source.ts';

export interface SimulationOptions {
  readonly random: () => number;
  /** Uniform delay each way, each on its own. */
  readonly maxDelayMs: number;
  /** Constant part of the drift of the controller against the speaker. */
  readonly driftPpm?: number;
  /** Largest deviation of the drift over a day, as a sine: outdoor temperature. */
  readonly dailyWanderPpm?: number;
  /** Other messages on the same connection, each with its own delay: what follows a slow one waits behind it. */
  readonly otherTrafficEveryMs?: number;
}

const DAY_MS = 86_400_000;

/** A speaker's crystal, a controller's, and one TCP connection between them, in imaginary time. */
export class SimulatedNetwork {
  readonly #options: SimulationOptions;
  readonly #start: number;
  readonly #phase: number;
  readonly #lastArrival = { up: 0, down: 0 };
  #trafficUntil = 0;
  /** What the controller's clock was set by since. */
  stepMs = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#start = 1.7e12 + options.random() * 1e9;
    this.#phase = options.random() * 2 * Math.PI;
  }

  /** Controller's time − speaker's monotonic time, at the speaker's monotonic time `at`. */
  offset(at: number): number {
    const { driftPpm = 0, dailyWanderPpm = 0 } = this.#options;
    const turn = (2 * Math.PI) / DAY_MS;
    const wander = ((dailyWanderPpm * 1e-6) / turn) * Math.sin(turn * at + this.#phase);
    return this.#start + driftPpm * 1e-6 * at + wander + this.stepMs;
  }

  /** One request and its reply. */
  exchange(sentAt: number): TimeSample {
    this.#otherTraffic(sentAt);
    const reachedAt = this.#send('up', sentAt);
    const answeredAt = reachedAt + this.#options.random();
    this.#otherTraffic(answeredAt);
    return {
      sentAt,
      serverReceivedAt: reachedAt + this.offset(reachedAt),
      serverSentAt: answeredAt + this.offset(answeredAt),
      receivedAt: this.#send('down', answeredAt),
    };
  }

  #send(direction: 'up' | 'down', at: number): number {
    const arrival = Math.max(
      at + this.#options.random() * this.#options.maxDelayMs,
      this.#lastArrival[direction],
    );
    this.#lastArrival[direction] = arrival;
    return arrival;
  }

  #otherTraffic(until: number): void {
    const { otherTrafficEveryMs: every, random } = this.#options;
    if (every === undefined) return;
    // Only the last few matter: what was sent long ago has arrived.
    this.#trafficUntil = Math.max(this.#trafficUntil, until - 3 * this.#options.maxDelayMs);
    for (; this.#trafficUntil < until; this.#trafficUntil += 2 * every * random()) {
      this.#send('up', this.#trafficUntil);
      this.#send('down', this.#trafficUntil);
    }
  }
}

export interface Run {
  /** Requests sent. */
  readonly requests: number;
  /** When the last reply had come. */
  readonly endedAt: number;
}

/** `count` samples as a burst takes them; returns when the last reply had come. */
export function runBurst(
  estimator: OffsetEstimator,
  network: SimulatedNetwork,
  from: number,
  count: number,
): number {
  let at = from;
  let endedAt = from;
  for (let i = 0; i < count; i += 1) {
    const sample = network.exchange(at);
    estimator.add(sample);
    endedAt = sample.receivedAt;
    at = Math.max(at + DEFAULT_SAMPLING.burstGapMs, endedAt);
  }
  return endedAt;
}

/** Samples as the default policy asks from a first contact at `from` until `until`; `checks` are called in passing. */
export function runPolicy(
  estimator: OffsetEstimator,
  network: SimulatedNetwork,
  options: {
    readonly from: number;
    readonly until: number;
    readonly checkAt: readonly number[];
    readonly check: (at: number) => void;
  },
): Run {
  const plan = new SamplingPlan(DEFAULT_SAMPLING);
  plan.startBurst();
  const checks = [...options.checkAt];
  let [requests, at, endedAt] = [0, options.from, options.from];
  while (at < options.until) {
    const sample = network.exchange(at);
    for (let next = checks[0]; next !== undefined && next <= sample.receivedAt; next = checks[0]) {
      options.check(next);
      checks.shift();
    }
    estimator.add(sample);
    requests += 1;
    endedAt = sample.receivedAt;
    plan.taken(endedAt, endedAt - sample.sentAt);
    at = Math.max(at + plan.gapMs(endedAt), endedAt);
  }
  return { requests, endedAt };
}

/** The value below which `part` of the values lie. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
