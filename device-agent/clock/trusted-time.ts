import type { Clock, Instant, Milliseconds } from '#kit';
import { Doubts } from './doubts.ts';
import { LowerBound } from './lower-bound.ts';
import { OffsetEstimator, type OffsetEstimatorOptions, type SampleOutcome } from './offset-estimator.ts';
import type { ReferenceReading } from './reference-clock.ts';
import { SlewedOffset } from './slewed-offset.ts';
import type { TimeSample } from './time-source.ts';
import type { StoredEstimate, StoredTime } from './time-store.ts';
import { DISPUTE_MS, nextTrust, type Trust, type TrustEvent, type TrustState, UNTRUSTED } from './trust.ts';

/** What time it is, and how far that can be believed. */
export interface TimeReading {
  readonly instant: Instant;
  /** The true time is within this many ms; infinite while nothing vouches for it. */
  readonly boundMs: Milliseconds;
  readonly trust: Trust;
}

export interface TrustedTimeOptions {
  /** Its `monotonic` is boot time. */
  readonly clock: Clock;
  readonly bootId: string;
  readonly estimator?: OffsetEstimatorOptions;
}

/** A crystal that nothing has measured, and a battery-backed RTC, may be off by this much. */
const UNKNOWN_DRIFT = 200e-6;

/**
 * The controller's time as this machine knows it: a mapping between instants and `Clock.monotonic()`, and the trust
 * in it. Does no I/O and sets no timer: whoever runs it hands in samples, readings and what was stored.
 *
 * Two mappings: the *target* is the best known one; the one *in use* is the same while nothing plays, and goes
 * towards it by at most 500 ppm while something does (`hold`).
 */
export class TrustedTime {
  readonly #clock: Clock;
  readonly #bootId: string;
  readonly #estimator: OffsetEstimator;
  readonly #slew = new SlewedOffset();
  readonly #listeners = new Set<() => void>();
  readonly #doubts: Doubts;
  readonly #bound = new LowerBound();
  #state: TrustState = UNTRUSTED;
  /** An offset that was read off another clock; serves until the first signed reply. */
  #fallback:
    | { readonly at: Milliseconds; readonly offset: Milliseconds; readonly boundMs: Milliseconds }
    | undefined;
  #lastSignedAt: Instant | undefined;
  #lastSampleAt: Milliseconds | undefined;
  /** Wall clock − monotonic time at the last look. */
  #wallOffset: Milliseconds;
  /** Difference of a reference clock that signed replies have already overruled. */
  #overruled: Milliseconds | undefined;

  constructor(options: TrustedTimeOptions) {
    this.#clock = options.clock;
    this.#bootId = options.bootId;
    this.#doubts = new Doubts(options.clock.monotonic());
    this.#estimator = new OffsetEstimator(options.estimator);
    this.#wallOffset = options.clock.now() - options.clock.monotonic();
  }

  get state(): TrustState {
    return this.#state;
  }

  /** Newest signed time, from this boot or an earlier one. */
  get lastSignedAt(): Instant | undefined {
    return this.#lastSignedAt;
  }

  /**
   * The true time is not before this, whatever any clock shows: the newest signed time, and what has passed since. 0 before anything
   * signed is known. After a time without power it is what was stored before.
   */
  notBefore(at: Milliseconds = this.#clock.monotonic()): Instant {
    const bound = this.#bound.at(at) ?? 0;
    return this.#knownBySignature ? Math.min(bound, this.now(at).instant) : bound;
  }

  /** A document that was verified says when it was signed. */
  signedAt(issuedAt: Instant): void {
    const at = this.#clock.monotonic();
    // The controller may have signed it while its own clock was ahead: what it answers to a nonce counts for more.
    this.#bound.raise(this.#knownBySignature ? Math.min(issuedAt, this.target(at).instant) : issuedAt, at);
  }

  /** Trusted by what the controller has answered in this boot. */
  get #knownBySignature(): boolean {
    const { trust, basis } = this.#state;
    return trust === 'trusted' && basis !== 'reference';
  }

  /** Local monotonic time of the newest signed reply of this process. */
  get lastSampleAt(): Milliseconds | undefined {
    return this.#lastSampleAt;
  }

  /** How much the controller's clock gains on ours; undefined before it was measured. */
  get driftPpm(): number | undefined {
    return this.#estimator.at(this.#clock.monotonic())?.driftPpm;
  }

  /** The time in use, by default now, or at another local monotonic time. */
  now(at: Milliseconds = this.#clock.monotonic()): TimeReading {
    const { offset, boundMs } = this.#target(at);
    const residual = this.#slew.residual(at);
    return {
      instant: at + offset + residual,
      boundMs: boundMs + Math.abs(residual),
      trust: this.#state.trust,
    };
  }

  /** The best known time, which the one in use is approaching. */
  target(at: Milliseconds = this.#clock.monotonic()): TimeReading {
    const { offset, boundMs } = this.#target(at);
    return { instant: at + offset, boundMs, trust: this.#state.trust };
  }

  /** Local monotonic time at which the clock in use will show the instant. */
  toMonotonic(instant: Instant): Milliseconds {
    return inverse(instant, this.#clock.monotonic(), (at) => this.now(at).instant);
  }

  /** What the clock in use shows at a local monotonic time. */
  fromMonotonic(at: Milliseconds): Instant {
    return this.now(at).instant;
  }

  /** Local monotonic time of an instant by the best known time: for what has not started yet. */
  toMonotonicTarget(instant: Instant): Milliseconds {
    return inverse(instant, this.#clock.monotonic(), (at) => this.target(at).instant);
  }

  /** Whether this process did not trust its time at a past instant, by the best knowledge of now; false while it does not now either. */
  wasInDoubt(instant: Instant): boolean {
    return this.#state.trust === 'trusted' && this.#doubts.had(this.toMonotonicTarget(instant));
  }

  /** Something plays until the returned function is called: the time in use does not jump. */
  hold(): () => void {
    return this.#slew.hold(() => this.#changed());
  }

  /** Calls back after every change of trust or offset. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes in one signed, verified reply to a nonce of ours. */
  addSample(sample: TimeSample): SampleOutcome {
    const at = this.#clock.monotonic();
    const before = this.#target(at);
    const outcome = this.#estimator.add(sample);
    if (outcome.kind === 'invalid') return outcome;
    this.#lastSampleAt = sample.receivedAt;
    this.#retarget(at, before.offset);
    if (outcome.kind === 'set-aside') this.#trust({ kind: 'signed', agrees: false });
    else {
      this.#signed(outcome, this.#fallback);
      this.#fallback = undefined;
      // Only a reply that is believed moves the mark below which a clock read after a reboot is refused.
      if (this.#state.trust === 'trusted') {
        this.#lastSignedAt = sample.serverSentAt;
        const { instant, boundMs } = this.target(sample.receivedAt);
        this.#bound.replace(Math.max(sample.serverSentAt, instant - boundMs), sample.receivedAt);
      }
    }
    this.#changed();
    return outcome;
  }

  /** Goes on from what an earlier process stored. True when it was of this boot and vouches for the time. */
  restore(stored: StoredTime): boolean {
    if (this.#lastSampleAt !== undefined) return false;
    const at = this.#clock.monotonic();
    const { notBefore, lastSignedAt, estimate } = stored;
    if (lastSignedAt !== null) this.#lastSignedAt = Math.max(this.#lastSignedAt ?? 0, lastSignedAt);
    const sameBoot = stored.bootId === this.#bootId && stored.at <= at;
    // What passed before the power came back nobody has counted.
    this.#bound.raise(notBefore, sameBoot ? stored.at : at);
    if (!sameBoot || estimate === null) return false;
    const before = this.#target(at);
    if (!this.#estimator.restore(estimate.limits)) {
      const { offsetToBoot: offset, errorBoundMs: boundMs } = estimate;
      this.#fallback = { at: stored.at, offset, boundMs };
    }
    this.#retarget(at, before.offset);
    this.#trust({ kind: 'restored', dispute: estimate.dispute });
    this.#changed();
    return true;
  }

  /** What is worth storing; undefined before anything signed is known. */
  toStore(): StoredTime | undefined {
    const at = this.#clock.monotonic();
    if (this.#bound.at(at) === undefined) return undefined;
    return {
      version: 2,
      bootId: this.#bootId,
      at,
      notBefore: this.notBefore(at),
      lastSignedAt: this.#lastSignedAt ?? null,
      estimate: this.#storedEstimate(at),
    };
  }

  #storedEstimate(at: Milliseconds): StoredTime['estimate'] {
    const estimate = this.#estimator.at(at);
    if (estimate === undefined) return null;
    const { dispute } = this.#state;
    return {
      offsetToBoot: estimate.offsetMs,
      errorBoundMs: estimate.boundMs,
      dispute: dispute && { reason: dispute.reason, differenceMs: dispute.differenceMs },
      limits: mutable(this.#estimator.limits()),
    };
  }

  /**
   * Holds another clock of this machine against the time. Before anything is trusted it may vouch, when what it
   * shows lies between the last signed time and `validUntil`, the end of the plan that would be played by it.
   */
  observeReference(reading: ReferenceReading, validUntil: Instant | undefined): void {
    const offset = reading.instant - reading.at;
    if (this.#state.trust === 'untrusted') {
      const since = this.#lastSignedAt;
      if (since === undefined || validUntil === undefined) return;
      // Its own making may show it a little before the bound.
      if (reading.instant < since || reading.instant + reading.boundMs < this.notBefore(reading.at)) return;
      if (reading.instant > validUntil) return;
      const before = this.#target(reading.at);
      const boundMs =
        reading.boundMs + (reading.kind === 'rtc' ? UNKNOWN_DRIFT * (reading.instant - since) : 0);
      this.#fallback = { at: reading.at, offset, boundMs };
      this.#retarget(reading.at, before.offset);
      this.#trust({ kind: 'reference-vouches' });
    } else {
      const known = this.#target(reading.at);
      const differenceMs = offset - known.offset;
      const tolerance = reading.boundMs + known.boundMs;
      if (Math.abs(differenceMs) <= DISPUTE_MS + tolerance) this.#overruled = undefined;
      else if (Math.abs(differenceMs - (this.#overruled ?? 0)) > DISPUTE_MS) {
        this.#overruled = differenceMs;
        this.#trust({ kind: 'reference-differs', differenceMs });
      } else return;
    }
    this.#changed();
  }

  /** Looks whether the wall clock was set since the last look, and away from what is trusted. */
  observeWall(): void {
    const at = this.#clock.monotonic();
    const offset = this.#clock.now() - at;
    const stepMs = offset - this.#wallOffset;
    this.#wallOffset = offset;
    if (Math.abs(stepMs) <= DISPUTE_MS) return;
    const known = this.#target(at);
    // A step that ends where the trusted time is contradicts nothing: NTP or this agent has set the clock right.
    if (Math.abs(offset - known.offset) <= DISPUTE_MS + known.boundMs) return;
    this.#trust({ kind: 'wall-step', stepMs });
    this.#changed();
  }

  #signed(outcome: SampleOutcome, fallback: { readonly offset: Milliseconds } | undefined): void {
    const offset = this.#target(this.#clock.monotonic()).offset;
    if (outcome.kind === 'restarted') this.#trust({ kind: 'signed-step', stepMs: outcome.stepMs });
    else if (
      fallback !== undefined &&
      this.#state.trust === 'trusted' &&
      Math.abs(offset - fallback.offset) > DISPUTE_MS
    ) {
      this.#overruled = fallback.offset - offset;
      this.#trust({ kind: 'reference-differs', differenceMs: fallback.offset - offset });
    } else this.#trust({ kind: 'signed', agrees: true });
  }

  #target(at: Milliseconds): { readonly offset: Milliseconds; readonly boundMs: Milliseconds } {
    const estimate = this.#estimator.at(at);
    if (estimate !== undefined) return { offset: estimate.offsetMs, boundMs: estimate.boundMs };
    if (this.#fallback !== undefined) {
      const { offset, boundMs } = this.#fallback;
      return { offset, boundMs: boundMs + UNKNOWN_DRIFT * Math.abs(at - this.#fallback.at) };
    }
    return { offset: this.#wallOffset, boundMs: Number.POSITIVE_INFINITY };
  }

  #retarget(at: Milliseconds, before: Milliseconds): void {
    this.#slew.retarget(at, this.#target(at).offset - before);
  }

  #trust(event: TrustEvent): void {
    this.#state = nextTrust(this.#state, event);
    this.#doubts.note(this.#state.trust === 'trusted', this.#clock.monotonic());
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Solves `read(at) = instant`. The clocks' rates differ by less than 1000 ppm: each round gains three digits. */
function inverse(instant: Instant, start: Milliseconds, read: (at: Milliseconds) => Instant): Milliseconds {
  let at = start;
  for (let round = 0; round < 5; round += 1) at += instant - read(at);
  return at;
}

function mutable(limits: ReturnType<OffsetEstimator['limits']>): StoredEstimate['limits'] {
  return { lower: [...limits.lower], upper: [...limits.upper] };
}
