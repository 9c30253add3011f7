import type { TimeReading, TrustedTime } from '../clock/index.ts';

/** When a fact happened and how well that is known, as every entry says it. */
export interface FactTime {
  /** Whole milliseconds. */
  readonly at: number;
  /** Null while time was not trusted. */
  readonly clockErrorMs: number | null;
}

/** Now, or the instant given, as a journal entry says it. */
export function factTime(time: TrustedTime, at?: number): FactTime {
  return factTimeOf(time.now(), at);
}

export function factTimeOf({ instant, boundMs, trust }: TimeReading, at: number = instant): FactTime {
  const known = trust === 'trusted' && Number.isFinite(boundMs);
  return { at: Math.max(0, Math.round(at)), clockErrorMs: known ? roundMs(boundMs) : null };
}

/** To the microsecond: more digits say nothing. */
export function roundMs(value: number): number {
  return Math.round(value * 1000) / 1000;
}
