/** How a fleet stands; sums of all its agents. */
export interface FleetCounts {
  readonly agents: number;
  readonly connected: number;
  readonly accepted: number;
  readonly playing: number;
  readonly finished: number;
  /** Refused, failed, missed or interrupted. */
  readonly failed: number;
}

export const NO_COUNTS: FleetCounts = {
  agents: 0,
  connected: 0,
  accepted: 0,
  playing: 0,
  finished: 0,
  failed: 0,
};

export function addCounts(all: Iterable<FleetCounts>): FleetCounts {
  let sum = NO_COUNTS;
  for (const one of all)
    sum = {
      agents: sum.agents + one.agents,
      connected: sum.connected + one.connected,
      accepted: sum.accepted + one.accepted,
      playing: sum.playing + one.playing,
      finished: sum.finished + one.finished,
      failed: sum.failed + one.failed,
    };
  return sum;
}

/** The live line. */
export function countsLine(counts: FleetCounts): string {
  const { agents, connected, accepted, playing, finished, failed } = counts;
  return `${agents} agents · ${connected} connected · ${accepted} accepted · ${playing} playing · ${finished} finished · ${failed} failed`;
}
