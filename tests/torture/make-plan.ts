import { seededRandom } from '../helpers/network-delay.ts';
import { Draw } from './draw.ts';
import type { TorturePlan } from './plan.ts';
import { planFaults } from './plan-faults.ts';
import { planWork } from './plan-work.ts';

/** What the controller that is tortured can be asked for. */
export interface PlanFeatures {
  readonly schedules: boolean;
  readonly latches: boolean;
}

/** Pure: the seed decides everything. */
export function planTorture(
  options: {
    readonly seed: number;
    readonly minutes: number;
    readonly agents: number;
    readonly pace: number;
  },
  features: PlanFeatures,
): TorturePlan {
  const { seed, minutes, agents, pace } = options;
  const durationMs = Math.round(minutes * 60_000);
  const work = planWork(new Draw(seededRandom(seed * 2 + 1)), { durationMs, agents, ...features });
  return {
    ...{ seed, minutes, agents, pace, durationMs },
    ...work,
    faults: planFaults(new Draw(seededRandom(seed * 2)), {
      durationMs,
      agents,
      everyMs: (pace * 1_000) / agents,
    }),
  };
}
