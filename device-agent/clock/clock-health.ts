import type { Instant, Milliseconds } from '#kit';
import type { SampleOutcome } from './offset-estimator.ts';
import type { SetClockResult } from './set-system-clock.ts';
import type { Trust, TrustBasis } from './trust.ts';
import type { TrustedTime } from './trusted-time.ts';

/** What became of the exchanges since the process started. */
export interface SampleCounts {
  readonly used: number;
  /** Contradicted the others, or made no sense. */
  readonly setAside: number;
  /** No reply, or none that verified. */
  readonly failed: number;
  readonly restarts: number;
}

export const NO_SAMPLES: SampleCounts = { used: 0, setAside: 0, failed: 0, restarts: 0 };

/** The counts after one more exchange. */
export function counted(counts: SampleCounts, outcome: SampleOutcome['kind'] | 'failed'): SampleCounts {
  const what =
    outcome === 'restarted' ? 'restarts' : outcome === 'used' || outcome === 'failed' ? outcome : 'setAside';
  return { ...counts, [what]: counts[what] + 1 };
}

/** The clock's part of the health report. `null`: not known. */
export interface ClockHealth {
  readonly trust: Trust;
  readonly basis: TrustBasis | null;
  readonly disputeReason: string | null;
  readonly errorBoundMs: Milliseconds | null;
  readonly driftPpm: number | null;
  /** Trusted time − wall clock of the machine. */
  readonly wallErrorMs: Milliseconds | null;
  readonly lastSignedAt: Instant | null;
  readonly reference: 'ntp' | 'rtc' | null;
  readonly systemClock: SetClockResult['outcome'] | null;
  readonly samples: SampleCounts;
}

/** Puts the report together. `wallNow` is what the machine's clock shows. */
export function clockHealth(
  time: TrustedTime,
  wallNow: Instant,
  rest: Pick<ClockHealth, 'reference' | 'systemClock' | 'samples'>,
): ClockHealth {
  const { state, driftPpm, lastSignedAt } = time;
  const reading = time.target();
  const known = Number.isFinite(reading.boundMs);
  return {
    trust: state.trust,
    basis: state.basis,
    disputeReason: state.dispute?.reason ?? null,
    errorBoundMs: known ? reading.boundMs : null,
    driftPpm: driftPpm ?? null,
    wallErrorMs: known ? reading.instant - wallNow : null,
    lastSignedAt: lastSignedAt ?? null,
    ...rest,
  };
}
