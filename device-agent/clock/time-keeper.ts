import {
  backoff,
  type Clock,
  Emitter,
  type Instant,
  Lifecycle,
  type Milliseconds,
  repeat,
  type Timer,
  type Unsubscribe,
} from '#kit';
import { type ClockHealth, clockHealth, counted, NO_SAMPLES } from './clock-health.ts';
import type { SampleOutcome } from './offset-estimator.ts';
import type { ReferenceClock } from './reference-clock.ts';
import { SamplingPlan } from './sampling-plan.ts';
import { DEFAULT_SAMPLING, type SamplingPolicy } from './sampling-policy.ts';
import type { SetClockResult, SystemClockSetter } from './set-system-clock.ts';
import type { TimeSample, TimeSource } from './time-source.ts';
import type { TimeStore } from './time-store.ts';
import type { TrustBasis, TrustState } from './trust.ts';
import { type TimeReading, TrustedTime } from './trusted-time.ts';

export interface TimeKeeperEvents {
  trusted: { readonly basis: TrustBasis };
  disputed: NonNullable<TrustState['dispute']>;
  /** The mapping has changed: what was derived from it (timers of planned starts) is to be derived again. */
  offset: TimeReading;
  /** One exchange went into the estimate, or did not. */
  sample: SampleOutcome;
}

export interface TimeKeeperOptions {
  /** Its `monotonic` is boot time. */
  readonly clock: Clock;
  readonly bootId: string;
  readonly source: TimeSource;
  readonly store: TimeStore;
  readonly reference: ReferenceClock;
  readonly systemClock: SystemClockSetter;
  /** A fresh, unguessable text at each call. */
  readonly nonce: () => string;
  /** End of the validity of the plan on this speaker; undefined when it holds none. */
  readonly planValidUntil: () => Instant | undefined;
  readonly onError: (what: string, error: unknown) => void;
  readonly policy?: Partial<SamplingPolicy>;
  /** In [0, 1), for the spread of retries. */
  readonly random?: () => number;
}

const REPLY_TIMEOUT_MS = 10_000;
const RETRY = { baseMs: 1_000, maxMs: 60_000 };
/** Wall clock and timers: no request, no disk. */
const LOOK_EVERY_MS = 10_000;
const REFERENCE_EVERY_MS = 900_000;
/** How long what is known may be old on the disk: after a time without power only that is certain. */
const SAVE_EVERY_MS = 3_600_000;
const KEEP_EVERY_MS = 60_000;

/**
 * Runs the trusted time: asks the controller as the policy says, holds wall clock and reference clocks against it,
 * and keeps it over restarts. `time` may be read at any moment, before `start` too (untrusted then).
 */
export class TimeKeeper extends Lifecycle {
  readonly time: TrustedTime;
  readonly #options: TimeKeeperOptions;
  readonly #policy: SamplingPolicy;
  readonly #events: Emitter<TimeKeeperEvents>;
  readonly #plan: SamplingPlan;
  #samples = NO_SAMPLES;
  #retry: Iterator<Milliseconds>;
  #abort = new AbortController();
  #timer: Timer | undefined;
  #asking = false;
  #planned: Instant[] = [];
  #referenceKind: 'ntp' | 'rtc' | null = null;
  #clockResult: SetClockResult['outcome'] | null = null;
  #saved: { readonly at: Milliseconds; readonly notBefore: Instant } | undefined;
  #told: TrustState;

  constructor(options: TimeKeeperOptions) {
    super();
    this.#options = options;
    this.#policy = { ...DEFAULT_SAMPLING, ...options.policy };
    this.#plan = new SamplingPlan(this.#policy);
    this.#events = new Emitter((event, error) => options.onError(`listener of ${event}`, error));
    this.#retry = this.#newRetry();
    this.time = new TrustedTime({ clock: options.clock, bootId: options.bootId });
    this.#told = this.time.state;
  }

  on<Name extends keyof TimeKeeperEvents>(
    name: Name,
    listener: (event: TimeKeeperEvents[Name]) => void | Promise<void>,
  ): Unsubscribe {
    return this.#events.on(name, listener);
  }

  /** The link has just come up: asks at once, and in a burst when what is known is stale. */
  linkUp(): void {
    if (this.#abort.signal.aborted || !this.running) return;
    this.#retry = this.#newRetry();
    const last = this.time.lastSampleAt;
    if (last === undefined || this.#options.clock.monotonic() - last > this.#policy.staleMs)
      this.#plan.startBurst();
    // What is fresh can wait for its turn: a controller that restarts is not asked by the whole fleet at once.
    if (this.#plan.inBurst) this.#askIn(0);
  }

  /**
   * Something starts at this instant: shortly before, or at once if that is soon, a burst makes the time as sharp as
   * the policy wants it, unless it is already. Instants that have passed are forgotten.
   */
  sharpen(beforeInstant: Instant): void {
    if (!this.#planned.includes(beforeInstant)) this.#planned.push(beforeInstant);
    this.#planned.sort((a, b) => a - b);
    this.#look();
  }

  health(): ClockHealth {
    return clockHealth(this.time, this.#options.clock.now(), {
      reference: this.#referenceKind,
      systemClock: this.#clockResult,
      samples: this.#samples,
    });
  }

  protected override async onStart(): Promise<void> {
    const { clock, store, onError } = this.#options;
    this.#abort = new AbortController();
    this.disposers.defer(
      'time changes',
      this.time.onChange(() => this.#tell()),
    );
    const stored = await store.load();
    let fresh = false;
    const restored = stored !== undefined && this.time.restore(stored);
    if (restored && stored.estimate !== null) {
      fresh = clock.monotonic() - stored.at < this.#policy.staleMs;
      const { lower, upper } = stored.estimate.limits;
      this.#plan.goOnFrom(Math.min(stored.at, ...lower.map(({ at }) => at), ...upper.map(({ at }) => at)));
    }
    await this.#readReference();
    for (const [name, everyMs, run] of [
      ['time.look', LOOK_EVERY_MS, () => this.#look()],
      ['time.reference', REFERENCE_EVERY_MS, () => this.#readReference()],
      ['time.keep', KEEP_EVERY_MS, () => this.#saveWhenDue()],
    ] as const) {
      const timer = repeat(clock, name, everyMs, run, (error) => onError(name, error));
      this.disposers.defer(name, () => timer.cancel());
    }
    this.disposers.defer('time requests', async () => {
      this.#abort.abort();
      this.#timer?.cancel();
      await this.idle();
      await this.#save();
    });
    // An agent that is restarted again and again costs one request each time, not a burst.
    if (!fresh || this.time.state.trust !== 'trusted') this.#plan.startBurst();
    this.#askIn(0);
  }

  /** The next request in `delayMs`, or earlier if one was already due earlier. One is under way at most. */
  #askIn(delayMs: Milliseconds): void {
    this.#timer?.cancel();
    if (this.#abort.signal.aborted || this.#asking) return;
    this.#timer = this.#options.clock.setTimer('time.ask', delayMs, () => {
      this.background(this.#ask(), (error) => this.#options.onError('time request', error));
    });
  }

  async #ask(): Promise<void> {
    const { clock, source, nonce, onError } = this.#options;
    if (this.#asking || this.#abort.signal.aborted) return;
    this.#asking = true;
    const startedAt = clock.monotonic();
    const timeout = new AbortController();
    const timer = clock.setTimer('time.reply', REPLY_TIMEOUT_MS, () =>
      timeout.abort(new Error('no reply in time')),
    );
    let waitMs: Milliseconds;
    try {
      const sample = await source.request(nonce(), AbortSignal.any([this.#abort.signal, timeout.signal]));
      this.#retry = this.#newRetry();
      this.#taken(sample);
      waitMs = this.#plan.gapMs(clock.monotonic()) - (clock.monotonic() - startedAt);
    } catch (error) {
      waitMs = this.#retry.next().value;
      if (!this.#abort.signal.aborted) {
        this.#samples = counted(this.#samples, 'failed');
        onError('time request', error);
      }
    } finally {
      timer.cancel();
      this.#asking = false;
    }
    this.#askIn(Math.max(0, waitMs));
    await this.#saveWhenDue();
  }

  #taken(sample: TimeSample): void {
    const outcome = this.time.addSample(sample);
    this.#samples = counted(this.#samples, outcome.kind);
    if (outcome.kind === 'restarted') this.#plan.restart(sample.receivedAt);
    // What a whole burst has taught is worth keeping at once.
    if (this.#plan.taken(sample.receivedAt, sample.receivedAt - sample.sentAt)) this.#saved = undefined;
    this.#events.emit('sample', outcome);
  }

  /** Without network or disk: was the clock set, is a planned start near? */
  #look(): void {
    this.time.observeWall();
    if (!this.running || this.time.state.trust === 'untrusted') return;
    const now = this.time.target().instant;
    this.#planned = this.#planned.filter((instant) => instant > now);
    const [next] = this.#planned;
    if (next === undefined || next - now > this.#policy.sharpenLeadMs || this.#plan.inBurst) return;
    // One burst for each start, whether it helps or not.
    this.#planned.shift();
    if (this.time.target(this.time.toMonotonicTarget(next)).boundMs <= this.#policy.sharpenBoundMs) return;
    this.#plan.startBurst();
    this.#askIn(0);
  }

  async #readReference(): Promise<void> {
    const reading = await this.#options.reference.read();
    this.#referenceKind = reading?.kind ?? null;
    if (reading !== undefined) this.time.observeReference(reading, this.#options.planValidUntil());
  }

  /** After every change: events for what is new. */
  #tell(): void {
    const { state } = this.time;
    const before = this.#told;
    this.#told = state;
    if (
      state.trust === 'trusted' &&
      (before.trust !== 'trusted' || before.basis !== state.basis) &&
      state.basis !== null
    ) {
      this.#events.emit('trusted', { basis: state.basis });
      if (state.basis === 'signed')
        this.background(this.#setSystemClock(), (error) => this.#options.onError('system clock', error));
    }
    if (state.dispute !== null && before.dispute?.reason !== state.dispute.reason) {
      this.#events.emit('disputed', state.dispute);
      // Three signed replies end it: not in half an hour, now.
      this.#plan.startBurst();
      if (this.running) this.#askIn(0);
      // An agent that is restarted now must not come back trusting.
      this.background(
        this.#save().then(() => undefined),
        (error) => this.#options.onError('time store', error),
      );
    }
    this.#events.emit('offset', this.time.target());
  }

  async #setSystemClock(): Promise<void> {
    const result = await this.#options.systemClock.set(() => this.time.target().instant);
    this.#clockResult = result.outcome;
    if (result.outcome === 'failed') this.#options.onError('system clock', new Error(result.reason));
  }

  async #saveWhenDue(): Promise<void> {
    const at = this.#options.clock.monotonic();
    const notBefore = this.time.notBefore(at);
    const known = this.#saved;
    // A document may have told of a much later time than what is on the disk.
    const due = known === undefined || Math.max(at - known.at, notBefore - known.notBefore) >= SAVE_EVERY_MS;
    if (due && (await this.#save())) this.#saved = { at, notBefore };
  }

  async #save(): Promise<boolean> {
    const stored = this.time.toStore();
    if (stored === undefined) return false;
    try {
      await this.#options.store.save(stored);
    } catch (error) {
      this.#options.onError('time store', error);
    }
    return true;
  }

  #newRetry(): Iterator<Milliseconds> {
    return backoff({ ...RETRY, ...(this.#options.random && { random: this.#options.random }) });
  }
}
