import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OffsetEstimator } from '../../../device-agent/clock/offset-estimator.ts';
import { seededRandom } from '../../helpers/network-delay.ts';
import { runBurst, SimulatedNetwork } from './simulated-network.ts';

const HOUR = 3_600_000;

function network(seed: number, maxDelayMs = 300, driftPpm = 40): SimulatedNetwork {
  return new SimulatedNetwork({ random: seededRandom(seed), maxDelayMs, driftPpm });
}

const exchanges = fc.array(
  fc.record({
    gapMs: fc.oneof(
      fc.double({ min: 0, max: 1_000, noNaN: true }),
      fc.double({ min: 0, max: 2 * HOUR, noNaN: true }),
    ),
    upMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })),
    serverMs: fc.double({ min: 0, max: 50, noNaN: true }),
    downMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true })),
    wanderPpmPerHour: fc.double({ min: -1.9, max: 1.9, noNaN: true }),
  }),
  { minLength: 1, maxLength: 40 },
);

it('always has the true offset inside its bound while drift and wander keep to their limits', () => {
  fc.assert(
    fc.property(
      exchanges,
      fc.double({ min: -100, max: 100, noNaN: true }),
      fc.boolean(),
      fc.double({ min: 0, max: HOUR, noNaN: true }),
      (steps, startPpm, wholeMs, later) => {
        const estimator = new OffsetEstimator();
        const cutDown = (instant: number) => (wholeMs ? Math.floor(instant) : instant);
        // Offset and drift are carried along piece by piece: an exactly known, ever changing truth.
        let [at, offset, ppm] = [1_000, 1.7e12, startPpm];
        const advance = (ms: number, wander: number) => {
          const next = Math.max(-150, Math.min(150, ppm + (wander * ms) / HOUR));
          offset += ((ppm + next) / 2) * 1e-6 * ms;
          ppm = next;
          at += ms;
          return at;
        };
        for (const { gapMs, upMs, serverMs, downMs, wanderPpmPerHour } of steps) {
          const sentAt = advance(gapMs, wanderPpmPerHour);
          const serverReceivedAt = cutDown(advance(upMs, wanderPpmPerHour) + offset);
          const serverSentAt = cutDown(advance(serverMs, wanderPpmPerHour) + offset);
          const receivedAt = advance(downMs, wanderPpmPerHour);
          const outcome = estimator.add({ sentAt, serverReceivedAt, serverSentAt, receivedAt });
          expect(outcome).toEqual({ kind: 'used' });
          const estimate = estimator.at(at);
          expect(Math.abs((estimate?.offsetMs ?? 0) - offset)).toBeLessThanOrEqual(
            (estimate?.boundMs ?? 0) + 0.01,
          );
        }
        advance(later, 1.9);
        const estimate = estimator.at(at);
        expect(Math.abs((estimate?.offsetMs ?? 0) - offset)).toBeLessThanOrEqual(
          (estimate?.boundMs ?? 0) + 0.01,
        );
      },
    ),
    { numRuns: 150 },
  );
});

it('knows nothing before the first sample', () => {
  expect(new OffsetEstimator().at(0)).toBeUndefined();
});

it('takes half the round trip from a single sample, with the whole as doubt', () => {
  const estimator = new OffsetEstimator();
  estimator.add({ sentAt: 0, serverReceivedAt: 1_000_050.5, serverSentAt: 1_000_050.5, receivedAt: 100 });
  const estimate = estimator.at(100);
  expect(estimate?.offsetMs).toBeCloseTo(1_000_000.5, 1);
  expect(estimate?.boundMs).toBeGreaterThanOrEqual(50);
  expect(estimate?.boundMs).toBeLessThan(50.1);
});

it.each([
  ['a reply before its request', { sentAt: 10, serverReceivedAt: 100.5, serverSentAt: 100.5, receivedAt: 9 }],
  [
    'a server that goes backwards',
    { sentAt: 10, serverReceivedAt: 100.5, serverSentAt: 99.5, receivedAt: 20 },
  ],
  [
    'a server that takes longer than the round trip',
    { sentAt: 10, serverReceivedAt: 100.5, serverSentAt: 120.5, receivedAt: 20 },
  ],
  ['no number', { sentAt: 10, serverReceivedAt: Number.NaN, serverSentAt: 120, receivedAt: 20 }],
])('refuses %s', (_, sample) => {
  const estimator = new OffsetEstimator();
  expect(estimator.add(sample)).toEqual({ kind: 'invalid' });
  expect(estimator.at(30)).toBeUndefined();
});

it('learns the drift', () => {
  const estimator = new OffsetEstimator();
  const net = network(3, 20, -73);
  runBurst(estimator, net, 0, 64);
  for (let at = 60_000; at < 2 * HOUR; at += 60_000) estimator.add(net.exchange(at));
  expect(estimator.at(2 * HOUR)?.driftPpm).toBeCloseTo(-73, 0);
});

it('sets a single wrong sample aside, early or late, and a reply that came late does no harm', () => {
  const estimator = new OffsetEstimator();
  const net = network(4);
  let at = runBurst(estimator, net, 0, 20);
  const good = estimator.at(at)?.offsetMs ?? 0;
  const wrong = net.exchange(at);
  for (const byMs of [5_000, -5_000]) {
    const moved = {
      ...wrong,
      serverReceivedAt: wrong.serverReceivedAt + byMs,
      serverSentAt: wrong.serverSentAt + byMs,
    };
    expect(estimator.add(moved)).toEqual({ kind: 'set-aside' });
  }
  expect(estimator.add({ ...wrong, receivedAt: wrong.receivedAt + 9_000 })).toEqual({ kind: 'used' });
  at = runBurst(estimator, net, at + 10_000, 60);
  expect(Math.abs(good - net.offset(at))).toBeLessThan(60);
  expect(Math.abs((estimator.at(at)?.offsetMs ?? 0) - net.offset(at))).toBeLessThan(20);
});

it.each([3_600_000, -3_600_000, 2_000, -700])(
  'follows a step of the controller of %d ms after three replies',
  (stepMs) => {
    const estimator = new OffsetEstimator();
    const net = network(5);
    const at = runBurst(estimator, net, 0, 64);
    net.stepMs = stepMs;
    const outcomes = [1, 2, 3].map((i) => estimator.add(net.exchange(at + i * 600)));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['set-aside', 'set-aside', 'restarted']);
    const [, , last] = outcomes;
    expect(last?.kind === 'restarted' && Math.abs(last.stepMs - stepMs)).toBeLessThan(200);
    expect(estimator.at(at + 2_400)?.boundMs).toBeLessThan(301);
    const later = runBurst(estimator, net, at + 2_400, 64);
    expect(Math.abs((estimator.at(later)?.offsetMs ?? 0) - net.offset(later))).toBeLessThan(20);
  },
);

it('finds a step far smaller than the delays once fast replies contradict what it held', () => {
  const estimator = new OffsetEstimator();
  const net = network(6);
  let at = runBurst(estimator, net, 0, 64);
  net.stepMs = 40;
  at = runBurst(estimator, net, at, 192);
  const estimate = estimator.at(at);
  expect(Math.abs((estimate?.offsetMs ?? 0) - net.offset(at))).toBeLessThan(20);
});

it('is not led astray by wrong samples that do not agree with each other', () => {
  const estimator = new OffsetEstimator();
  const net = network(7);
  let at = runBurst(estimator, net, 0, 30);
  for (const byMs of [9_000, -20_000, 40_000, -70_000, 100_000]) {
    const sample = net.exchange(at);
    const moved = {
      ...sample,
      serverReceivedAt: sample.serverReceivedAt + byMs,
      serverSentAt: sample.serverSentAt + byMs,
    };
    expect(estimator.add(moved)).toEqual({ kind: 'set-aside' });
    at = runBurst(estimator, net, at + 1_000, 3);
  }
  expect(Math.abs((estimator.at(at)?.offsetMs ?? 0) - net.offset(at))).toBeLessThan(30);
});

it('goes on from its limits, and refuses ones that contradict each other', () => {
  const first = new OffsetEstimator();
  const net = network(8);
  const at = runBurst(first, net, 0, 64);
  const second = new OffsetEstimator();
  expect(second.restore(first.limits())).toBe(true);
  const [before, after] = [first.at(at + 1_000), second.at(at + 1_000)];
  expect(after?.offsetMs).toBeCloseTo(before?.offsetMs ?? 0, 3);
  expect(after?.boundMs).toBeCloseTo(before?.boundMs ?? 0, 3);
  expect(second.restore({ lower: [{ at, offset: 5 }], upper: [{ at, offset: 4 }] })).toBe(false);
  expect(second.restore({ lower: [], upper: [] })).toBe(false);
  expect(second.at(at + 1_000)).toEqual(after);
});

it('keeps a bounded number of limits, and with them what the old ones said of the drift', () => {
  const small = new OffsetEstimator({ capacity: 64 });
  const large = new OffsetEstimator({ capacity: 10_000 });
  const net = network(9, 50, 12);
  let at = 0;
  for (; at < 3 * HOUR; at += 30_000) {
    const sample = net.exchange(at);
    small.add(sample);
    large.add(sample);
  }
  const { lower, upper } = small.limits(10_000);
  expect(Math.max(lower.length, upper.length)).toBeLessThanOrEqual(64);
  expect(small.at(at)?.boundMs).toBeLessThan((large.at(at)?.boundMs ?? 0) * 1.5 + 1);
  expect(small.at(at)?.driftPpm).toBeCloseTo(12, 0);
});

it('widens its bound for a drift that may change after the last sample', () => {
  const estimator = new OffsetEstimator();
  const net = network(10, 0.2, 0);
  let at = 0;
  for (; at < 4 * HOUR; at += 60_000) estimator.add(net.exchange(at));
  const [soon, late] = [estimator.at(at), estimator.at(at + 12 * HOUR)];
  // 2 ppm per hour for 12 hours: 0.5 × 2e-6 × 12² hours = 518 ms, beside what the drift itself is in doubt by.
  expect((late?.boundMs ?? 0) - (soon?.boundMs ?? 0)).toBeGreaterThan(518);
});
