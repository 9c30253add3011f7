import type { Instant, Milliseconds } from '#kit';
import { centroid, cut, offsetRange, type Polygon, rectangle, type Vertex } from './feasible-set.ts';
import type { TimeSample } from './time-source.ts';

/** What is known of the offset (controller's time − local monotonic time) at one moment. */
export interface OffsetEstimate {
  /** Best guess, in ms. */
  readonly offsetMs: Milliseconds;
  /** The true offset is within this many ms of the guess as long as the drift keeps to its limits. */
  readonly boundMs: Milliseconds;
  /** How much the controller's clock gains on the local one. */
  readonly driftPpm: number;
}

/** The offset is at least (lower) or at most (upper) `offset` at local monotonic time `at`. */
export interface OffsetLimit {
  readonly at: Milliseconds;
  readonly offset: Milliseconds;
}

/** What the estimator has learnt, to go on from after a restart of the process in the same boot. */
export interface OffsetLimits {
  readonly lower: readonly OffsetLimit[];
  readonly upper: readonly OffsetLimit[];
}

/**
 * What a sample did. `set-aside`: it contradicts the others and is not used. `restarted`: too many did; the estimate
 * now rests on the newest ones, and the guess moved by `stepMs`. `invalid`: its own times make no sense.
 */
export type SampleOutcome =
  | { readonly kind: 'used' | 'set-aside' | 'invalid' }
  | { readonly kind: 'restarted'; readonly stepMs: Milliseconds };

export interface OffsetEstimatorOptions {
  /** Largest drift between the two clocks: 200 ppm, two crystals at their worst. */
  readonly maxDriftPpm?: number;
  /** Fastest change of the drift, as temperature makes it: 2 ppm per hour. */
  readonly maxWanderPpmPerHour?: number;
  /** Limits kept on each side. */
  readonly capacity?: number;
}

/** This many samples that contradict the estimate, among the newest `RECENT`, start it anew. */
const CONTRADICTIONS = 3;
const RECENT = 64;
/** Rounding of instants (2⁻¹² ms in a double) and of the local clock's reading. */
const SLACK_MS = 0.005;
/** Steadier clocks are tried first: the least wander that explains the samples makes the best guess. */
const WANDER_TRIALS = [1 / 64, 1 / 16, 1 / 4];

interface Solution {
  readonly at: Milliseconds;
  readonly base: Milliseconds;
  /** Everything possible within the limits of drift and wander. */
  readonly possible: Polygon;
  /** Centre of what is likely; worked out when first asked for. */
  centre?: Vertex;
}

/**
 * Estimates the offset by intersecting what each exchange allows: nothing arrives before it is sent, so each gives
 * a lower and an upper limit, and the fastest message in each direction decides, whatever the other did. Pure: time
 * comes with the samples, in order.
 */
export class OffsetEstimator {
  readonly #maxDrift: number;
  readonly #maxWander: number;
  readonly #capacity: number;
  #lower: OffsetLimit[] = [];
  #upper: OffsetLimit[] = [];
  #recent: { readonly sample: TimeSample; readonly contradicts: boolean }[] = [];
  #solution: Solution | undefined;

  constructor(options: OffsetEstimatorOptions = {}) {
    this.#maxDrift = (options.maxDriftPpm ?? 200) / 1000;
    this.#maxWander = (options.maxWanderPpmPerHour ?? 2) / 1000 / 3600;
    this.#capacity = options.capacity ?? 256;
  }

  /** Takes one sample in. */
  add(sample: TimeSample): SampleOutcome {
    if (!isSane(sample) || this.#solveSamples([sample]) === undefined) return { kind: 'invalid' };
    const contradicts = !this.#take([sample]);
    this.#recent.push({ sample, contradicts });
    if (this.#recent.length > RECENT) this.#recent.shift();
    if (!contradicts) return { kind: 'used' };
    if (this.#recent.filter((entry) => entry.contradicts).length < CONTRADICTIONS)
      return { kind: 'set-aside' };
    return this.#restart(sample.receivedAt);
  }

  /** What is known at local monotonic time `at`; undefined before the first sample. */
  at(at: Milliseconds): OffsetEstimate | undefined {
    const known = this.#solution;
    if (known === undefined) return undefined;
    const seconds = (at - known.at) / 1000;
    const centre = this.#centre(known);
    const guess = centre.offset + centre.drift * seconds;
    const [low, high] = offsetRange(known.possible, seconds);
    const wander = 0.5 * this.#maxWander * seconds * seconds;
    return {
      offsetMs: known.base + guess,
      boundMs: Math.max(high - guess, guess - low) + Math.min(wander, 2 * this.#maxDrift * Math.abs(seconds)),
      driftPpm: centre.drift * 1000,
    };
  }

  /** The tightest limits on each side, at most `count` of each. */
  limits(count = 32): OffsetLimits {
    return {
      lower: this.#tightest(this.#lower, 1, count),
      upper: this.#tightest(this.#upper, -1, count),
    };
  }

  /** Goes on from limits of the same boot. False, and nothing changed, when they contradict each other. */
  restore(limits: OffsetLimits): boolean {
    const solution = this.#solve(limits.lower, limits.upper);
    if (solution === undefined) return false;
    this.#lower = [...limits.lower];
    this.#upper = [...limits.upper];
    this.#recent = [];
    this.#solution = solution;
    return true;
  }

  /** Adds samples if they go together with what is held. */
  #take(samples: readonly TimeSample[]): boolean {
    const lower = [...this.#lower, ...samples.map(lowerLimit)];
    const upper = [...this.#upper, ...samples.map(upperLimit)];
    const solution = this.#solve(lower, upper);
    if (solution === undefined) return false;
    this.#solution = solution;
    this.#lower = lower;
    this.#upper = upper;
    if (lower.length > this.#capacity) this.#lower = this.#thinned(lower, 1);
    if (upper.length > this.#capacity) this.#upper = this.#thinned(upper, -1);
    return true;
  }

  /**
   * Rests the estimate on the samples that contradicted it, if they agree with each other, and on whatever of the
   * other recent ones goes together with them.
   */
  #restart(at: Milliseconds): SampleOutcome {
    const contradicting = this.#recent.filter((entry) => entry.contradicts).map((entry) => entry.sample);
    let agreeing = contradicting.slice(-CONTRADICTIONS);
    if (this.#solveSamples(agreeing) === undefined) return { kind: 'set-aside' };
    for (const { sample } of [...this.#recent].reverse()) {
      if (agreeing.includes(sample)) continue;
      const more = [...agreeing, sample].sort((a, b) => a.receivedAt - b.receivedAt);
      if (this.#solveSamples(more) !== undefined) agreeing = more;
    }
    const before = this.at(at);
    this.#lower = [];
    this.#upper = [];
    this.#take(agreeing);
    this.#recent = agreeing.map((sample) => ({ sample, contradicts: false }));
    const after = this.at(at);
    return { kind: 'restarted', stepMs: (after?.offsetMs ?? 0) - (before?.offsetMs ?? 0) };
  }

  #solveSamples(samples: readonly TimeSample[]): Solution | undefined {
    return this.#solve(samples.map(lowerLimit), samples.map(upperLimit));
  }

  #solve(lower: readonly OffsetLimit[], upper: readonly OffsetLimit[]): Solution | undefined {
    const [newestLow, newestHigh] = [lower.at(-1), upper.at(-1)];
    if (newestLow === undefined || newestHigh === undefined) return undefined;
    const at = Math.max(newestLow.at, newestHigh.at);
    const base = newestLow.offset;
    const possible = this.#polygon(lower, upper, at, base, this.#maxWander);
    return possible.length === 0 ? undefined : { at, base, possible };
  }

  #centre(known: Solution): Vertex {
    if (known.centre !== undefined) return known.centre;
    let likely = known.possible;
    for (const trial of WANDER_TRIALS) {
      const set = this.#polygon(this.#lower, this.#upper, known.at, known.base, this.#maxWander * trial);
      if (set.length === 0) continue;
      likely = set;
      break;
    }
    known.centre = centroid(likely);
    return known.centre;
  }

  /** Everything that satisfies all limits. The older a limit, the weaker: the drift may have changed since. */
  #polygon(
    lower: readonly OffsetLimit[],
    upper: readonly OffsetLimit[],
    at: Milliseconds,
    base: Milliseconds,
    wander: number,
  ): Polygon {
    const weakened = ({ at: measuredAt, offset }: OffsetLimit, side: 1 | -1) => {
      const seconds = (measuredAt - at) / 1000;
      return { seconds, offset: offset - base - side * (SLACK_MS + 0.5 * wander * seconds * seconds) };
    };
    const [low, high] = [lower.at(-1), upper.at(-1)];
    if (low === undefined || high === undefined) return [];
    const [from, to] = [weakened(low, 1), weakened(high, -1)];
    const least = from.offset - this.#maxDrift * Math.abs(from.seconds);
    const most = to.offset + this.#maxDrift * Math.abs(to.seconds);
    if (least > most) return [];
    let polygon = rectangle([least, most], [-this.#maxDrift, this.#maxDrift]);
    // Newest first: they cut most, and the fewer corners are left for the rest.
    for (let i = Math.max(lower.length, upper.length) - 1; i >= 0 && polygon.length > 0; i -= 1) {
      const [floor, ceiling] = [lower[i], upper[i]];
      if (floor !== undefined) polygon = cutAt(polygon, weakened(floor, 1), 1);
      if (ceiling !== undefined) polygon = cutAt(polygon, weakened(ceiling, -1), -1);
    }
    return polygon;
  }

  /** Forgets the older limits that say least. */
  #thinned(limits: readonly OffsetLimit[], side: 1 | -1): OffsetLimit[] {
    const half = limits.length >> 1;
    return [...this.#tightest(limits.slice(0, half), side, half >> 1), ...limits.slice(half)];
  }

  /** The `count` limits closest to the estimated line, in order of time. */
  #tightest(limits: readonly OffsetLimit[], side: 1 | -1, count: number): OffsetLimit[] {
    const distance = ({ at, offset }: OffsetLimit) => side * ((this.at(at)?.offsetMs ?? 0) - offset);
    return limits
      .map((limit) => ({ limit, distance: distance(limit) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, count)
      .map((entry) => entry.limit)
      .sort((a, b) => a.at - b.at);
  }
}

function cutAt(polygon: Polygon, line: { seconds: number; offset: number }, side: 1 | -1): Polygon {
  return cut(polygon, line.seconds, line.offset, side);
}

function isSane({ sentAt, serverReceivedAt, serverSentAt, receivedAt }: TimeSample): boolean {
  return (
    [sentAt, serverReceivedAt, serverSentAt, receivedAt].every(Number.isFinite) &&
    receivedAt >= sentAt &&
    serverSentAt >= serverReceivedAt
  );
}

/** The reply did not arrive before it was sent. */
function lowerLimit({ serverSentAt, receivedAt }: TimeSample): OffsetLimit {
  return { at: receivedAt, offset: serverSentAt - receivedAt };
}

/** The request did not arrive before it was sent. */
function upperLimit({ serverReceivedAt, sentAt }: TimeSample): OffsetLimit {
  return { at: sentAt, offset: ceiling(serverReceivedAt) - sentAt };
}

/** Latest time that an instant may stand for. */
function ceiling(instant: Instant): Instant {
  return Number.isInteger(instant) ? instant + 1 : instant;
}
