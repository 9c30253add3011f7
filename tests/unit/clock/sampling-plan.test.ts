import { expect, it } from 'vitest';
import { SamplingPlan } from '../../../device-agent/clock/sampling-plan.ts';
import { DEFAULT_SAMPLING } from '../../../device-agent/clock/sampling-policy.ts';

const HOUR = 3_600_000;

/** Replies whose round trips vary, taken back to back as the plan wants them; returns how many ended the burst. */
function finishBurst(plan: SamplingPlan, at: number): number {
  for (let taken = 1; ; taken += 1) if (plan.taken(at, (taken % 5) * 100)) return taken;
}

it('asks the more rarely the older the estimate, down to the background rate', () => {
  const plan = new SamplingPlan(DEFAULT_SAMPLING);
  plan.startBurst();
  expect(finishBurst(plan, 0)).toBe(DEFAULT_SAMPLING.burstSize);
  expect(plan.inBurst).toBe(false);
  expect([1_000, HOUR, 100 * HOUR].map((at) => plan.gapMs(at))).toEqual([400, 60_000, 600_000]);
});

it('ends a burst early where round trips are all alike', () => {
  const plan = new SamplingPlan(DEFAULT_SAMPLING);
  plan.startBurst();
  const ended = Array.from({ length: 8 }, (_, i) => plan.taken(i, 40));
  expect(ended.indexOf(true)).toBe(7);
  expect(plan.gapMs(HOUR)).toBe(450_000);
});

it('learns anew after a restart of the estimate: a burst, then a young estimate', () => {
  const plan = new SamplingPlan(DEFAULT_SAMPLING);
  plan.goOnFrom(-100 * HOUR);
  expect(plan.gapMs(0)).toBe(600_000);
  plan.restart(0);
  expect(plan.gapMs(0)).toBe(400);
  finishBurst(plan, 0);
  expect(plan.gapMs(HOUR)).toBe(60_000);
});
