import { median, percentile, round } from '../statistics.ts';

/** One fan-out: ms after the call at which each order arrived, and at which each answer was stored; both ascending. */
export interface FanoutRun {
  readonly received: readonly number[];
  readonly durable: readonly number[];
}

export interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
}

/** The median over the runs of each figure of a run. */
export function spread(runs: readonly (readonly number[])[]): Spread {
  const middle = (figure: (run: readonly number[]) => number) => round(median(runs.map(figure)));
  return {
    p50Ms: middle((run) => percentile(run, 0.5)),
    p99Ms: middle((run) => percentile(run, 0.99)),
    lastMs: middle((run) => percentile(run, 1)),
  };
}
