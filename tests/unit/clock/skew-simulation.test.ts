import { expect, it } from 'vitest';
import { OffsetEstimator } from '../../../device-agent/clock/offset-estimator.ts';
import { DEFAULT_SAMPLING } from '../../../device-agent/clock/sampling-policy.ts';
import { seededRandom } from '../../helpers/network-delay.ts';
import {
  quantile,
  runBurst,
  runPolicy,
  SimulatedNetwork,
  type SimulationOptions,
} from './simulated-network.ts';

const HOUR = 3_600_000;

interface Measured {
  /** |estimate − truth| of each check, ms. */
  readonly errors: number[];
  readonly bounds: number[];
  requests: number;
}

/** Repeats a scenario with other seeds; `script` checks whenever it likes. */
function measure(
  runs: number,
  options: Omit<SimulationOptions, 'random'>,
  script: (
    estimator: OffsetEstimator,
    network: SimulatedNetwork,
    check: (at: number) => void,
    random: () => number,
  ) => number,
): Measured {
  const measured: Measured = { errors: [], bounds: [], requests: 0 };
  for (let seed = 1; seed <= runs; seed += 1) {
    const random = seededRandom(seed);
    // Speaker and controller are each off by up to ± 50 ppm.
    const driftPpm = (random() + random() - 1) * 100;
    const network = new SimulatedNetwork({ driftPpm, ...options, random });
    const estimator = new OffsetEstimator();
    const check = (at: number) => {
      const estimate = estimator.at(at);
      if (estimate === undefined) throw new Error('nothing known');
      const error = Math.abs(estimate.offsetMs - network.offset(at));
      expect(error).toBeLessThanOrEqual(estimate.boundMs + 1e-3);
      measured.errors.push(error);
      measured.bounds.push(estimate.boundMs);
    };
    measured.requests += script(estimator, network, check, random) / runs;
  }
  return measured;
}

const burst = (estimator: OffsetEstimator, network: SimulatedNetwork, check: (at: number) => void) => {
  check(runBurst(estimator, network, 5_000, DEFAULT_SAMPLING.burstSize));
  return DEFAULT_SAMPLING.burstSize;
};

it('is within 14 ms (p99) after one burst through 0–300 ms of delay each way', () => {
  const { errors } = measure(400, { maxDelayMs: 300 }, burst);
  expect(quantile(errors, 0.99)).toBeLessThanOrEqual(14);
});

it('is within 20 ms (p99) after one burst among other messages that hold ours up', () => {
  const { errors } = measure(200, { maxDelayMs: 300, otherTrafficEveryMs: 1_000 }, burst);
  expect(quantile(errors, 0.99)).toBeLessThan(20);
});

const TIMES = [0.01, 0.03, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR);

const followPolicy = (estimator: OffsetEstimator, network: SimulatedNetwork, check: (at: number) => void) =>
  runPolicy(estimator, network, { from: 1_000, until: 12.3 * HOUR, checkAt: TIMES, check }).requests;

it('stays within 20 ms (p99) at any time of the following hours, crystals off by ± 50 ppm', () => {
  const { errors, requests } = measure(40, { maxDelayMs: 300, otherTrafficEveryMs: 30_000 }, followPolicy);
  expect(errors.length).toBe(40 * TIMES.length);
  expect(quantile(errors, 0.99)).toBeLessThan(20);
  expect(requests).toBeLessThan(720);
});

it('is within 0.5 ms on a quiet network, with few requests', () => {
  const { errors, requests } = measure(20, { maxDelayMs: 0.8 }, followPolicy);
  expect(Math.max(...errors)).toBeLessThan(0.5);
  expect(requests).toBeLessThan(150);
});

it('is within 20 ms (p99) at planned starts while temperature moves the drift by ± 5 ppm a day', () => {
  const { errors } = measure(
    40,
    { maxDelayMs: 300, dailyWanderPpm: 5 },
    (estimator, network, check, random) => {
      const start = (1 + 11 * random()) * HOUR;
      const before = runPolicy(estimator, network, {
        from: 1_000,
        until: start - DEFAULT_SAMPLING.sharpenLeadMs,
        checkAt: [],
        check,
      });
      runBurst(
        estimator,
        network,
        Math.max(before.endedAt, start - DEFAULT_SAMPLING.sharpenLeadMs),
        DEFAULT_SAMPLING.burstSize,
      );
      check(start);
      return before.requests;
    },
  );
  expect(quantile(errors, 0.99)).toBeLessThan(20);
});

it('costs about 3 MB in the first month on the wire, on the worst network', () => {
  const { requests } = measure(
    1,
    { maxDelayMs: 300 },
    (estimator, network, check) =>
      runPolicy(estimator, network, { from: 1_000, until: 30 * 24 * HOUR, checkAt: [], check }).requests,
  );
  // MQTT PUBLISH with a nonce up, with a signed reply down, each in a TLS record, and a bare TCP acknowledgement.
  const bytesPerRequest = 160 + 420 + 52;
  expect((requests * bytesPerRequest) / 1e6).toBeLessThan(3.2);
});
