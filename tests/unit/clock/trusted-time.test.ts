import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TimeSample } from '../../../device-agent/clock/time-source.ts';
import type { StoredEstimate, StoredTime } from '../../../device-agent/clock/time-store.ts';
import { nextTrust, type TrustEvent, type TrustState, UNTRUSTED } from '../../../device-agent/clock/trust.ts';
import { TrustedTime } from '../../../device-agent/clock/trusted-time.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const HOUR = 3_600_000;
/** Controller's time when the fake boot time is 0. */
const TRUTH = Date.UTC(2026, 5, 1) + 0.25;

interface Bench {
  readonly clock: FakeClock;
  readonly time: TrustedTime;
  /** A reply that took 20 ms each way, from a controller whose clock is `byMs` ahead of the truth. */
  reply(byMs?: number): Promise<void>;
}

function bench(
  options: { readonly wallErrorMs?: number; readonly bootId?: string; readonly clock?: FakeClock } = {},
): Bench {
  const clock = options.clock ?? new FakeClock({ start: TRUTH + (options.wallErrorMs ?? 0) });
  const time = new TrustedTime({ clock, bootId: options.bootId ?? 'boot-1' });
  return {
    clock,
    time,
    async reply(byMs = 0) {
      const sentAt = clock.monotonic();
      await clock.advance(40);
      const server = TRUTH + byMs + sentAt + 20;
      const sample: TimeSample = {
        sentAt,
        serverReceivedAt: server,
        serverSentAt: server,
        receivedAt: sentAt + 40,
      };
      time.addSample(sample);
      await clock.advance(1_000);
    },
  };
}

const error = ({ clock, time }: Bench) => time.now().instant - (TRUTH + clock.monotonic());

it('trusts nothing at start, not even a wall clock that happens to be right', () => {
  const { time, clock } = bench();
  expect(time.now()).toEqual({ instant: clock.now(), boundMs: Number.POSITIVE_INFINITY, trust: 'untrusted' });
  expect(time.toStore()).toBeUndefined();
});

it('trusts a signed reply of this boot, however wrong the wall clock is', async () => {
  const b = bench({ wallErrorMs: -56 * 365 * 24 * HOUR });
  await b.reply();
  expect(b.time.state).toEqual({ trust: 'trusted', basis: 'signed', dispute: null });
  expect(Math.abs(error(b))).toBeLessThan(1);
  expect(b.time.now().boundMs).toBeGreaterThan(20);
  expect(b.time.now().boundMs).toBeLessThan(21);
});

it('converts both ways', async () => {
  const b = bench();
  await b.reply();
  fc.assert(
    fc.property(fc.double({ min: -HOUR, max: 400 * HOUR, noNaN: true }), (aheadMs) => {
      const instant = b.time.now().instant + aheadMs;
      const at = b.time.toMonotonic(instant);
      expect(Math.abs(b.time.fromMonotonic(at) - instant)).toBeLessThan(0.01);
      expect(Math.abs(b.time.toMonotonicTarget(instant) - at)).toBeLessThan(0.01);
    }),
    { numRuns: 50 },
  );
});

it('takes the offset over a restart of the process, and widens its bound meanwhile', async () => {
  const b = bench();
  for (let i = 0; i < 5; i += 1) await b.reply();
  const stored = b.time.toStore() as StoredTime;
  expect(stored.lastSignedAt).toBeCloseTo(TRUTH + b.clock.monotonic() - 1_020, 0);
  await b.clock.advance(HOUR);
  const after = bench({ clock: b.clock });
  expect(after.time.restore(stored)).toBe(true);
  expect(after.time.state).toEqual({ trust: 'trusted', basis: 'restored', dispute: null });
  expect(Math.abs(error(after))).toBeLessThanOrEqual(after.time.now().boundMs);
  expect(after.time.now().boundMs).toBeGreaterThan(stored.estimate?.errorBoundMs ?? Number.NaN);
  await after.reply();
  expect(after.time.state.basis).toBe('signed');
});

it('takes the stated offset where the stored limits are of no use', async () => {
  const b = bench();
  await b.reply();
  const whole = b.time.toStore() as StoredTime;
  const estimate = { ...(whole.estimate as StoredEstimate), limits: { lower: [], upper: [] } };
  const stored = { ...whole, estimate };
  await b.clock.advance(HOUR);
  const after = bench({ clock: b.clock });
  expect(after.time.restore(stored)).toBe(true);
  expect(Math.abs(error(after))).toBeLessThanOrEqual(after.time.now().boundMs);
  expect(after.time.now().boundMs).toBeCloseTo(estimate.errorBoundMs + 720, -1);
});

it('does not take the offset over a reboot', async () => {
  const b = bench();
  await b.reply();
  const stored = b.time.toStore() as StoredTime;
  const after = bench({ bootId: 'boot-2' });
  expect(after.time.restore(stored)).toBe(false);
  expect(after.time.state).toEqual(UNTRUSTED);
  expect(after.time.lastSignedAt).toBe(stored.lastSignedAt);
});

it.each([
  ['inside', 5 * HOUR, 'trusted'],
  ['before the last signed time', -HOUR, 'untrusted'],
  ['after the plan ends', 400 * HOUR, 'untrusted'],
])('after an offline reboot believes an RTC %s of the window: %s ms → %s', async (_, sinceMs, trust) => {
  const b = bench();
  await b.reply();
  const stored = b.time.toStore() as StoredTime;
  const after = bench({ bootId: 'boot-2', wallErrorMs: -1e12 });
  after.time.restore(stored);
  const signedAt = stored.lastSignedAt ?? Number.NaN;
  const instant = signedAt + sinceMs;
  after.time.observeReference({ kind: 'rtc', instant, at: 0, boundMs: 2_000 }, signedAt + 336 * HOUR);
  expect(after.time.now().trust).toBe(trust);
  if (trust === 'trusted') {
    expect(after.time.state.basis).toBe('reference');
    expect(after.time.now().instant).toBeCloseTo(instant, 0);
    expect(after.time.now().boundMs).toBeCloseTo(2_000 + 200e-6 * sinceMs, 0);
  }
});

it('believes no RTC on a speaker that has never had a signed time, or holds no plan', async () => {
  const b = bench({ bootId: 'boot-2' });
  b.time.observeReference({ kind: 'rtc', instant: TRUTH, at: 0, boundMs: 2_000 }, TRUTH + HOUR);
  expect(b.time.now().trust).toBe('untrusted');
  const first = bench();
  await first.reply();
  b.time.restore(first.time.toStore() as StoredTime);
  b.time.observeReference({ kind: 'rtc', instant: TRUTH + HOUR, at: 0, boundMs: 2_000 }, undefined);
  expect(b.time.now().trust).toBe('untrusted');
});

it('disputes a wall clock that is set away from the trusted time, until three signed replies agree', async () => {
  const b = bench();
  await b.reply();
  b.clock.jump(59_000);
  b.time.observeWall();
  expect(b.time.now().trust).toBe('trusted');
  b.clock.jump(-3 * HOUR);
  b.time.observeWall();
  expect(b.time.state.dispute).toEqual({ reason: 'wall-step', differenceMs: -3 * HOUR, agreeing: 0 });
  // The time itself is not touched by it: only the belief in it.
  expect(Math.abs(error(b))).toBeLessThan(1);
  await b.reply();
  await b.reply();
  expect(b.time.now().trust).toBe('disputed');
  await b.reply();
  expect(b.time.state).toEqual({ trust: 'trusted', basis: 'signed', dispute: null });
});

it('does not dispute a wall clock that is set right', async () => {
  const b = bench({ wallErrorMs: -56 * 365 * 24 * HOUR });
  await b.reply();
  b.clock.jump(56 * 365 * 24 * HOUR);
  b.time.observeWall();
  expect(b.time.now().trust).toBe('trusted');
});

it('disputes a controller whose clock steps, then follows it when its replies agree', async () => {
  const b = bench();
  for (let i = 0; i < 5; i += 1) await b.reply();
  for (let i = 0; i < 3; i += 1) await b.reply(2 * HOUR);
  expect(b.time.state.dispute?.reason).toBe('signed-step');
  for (let i = 0; i < 3; i += 1) await b.reply(2 * HOUR);
  expect(b.time.now().trust).toBe('trusted');
  expect(Math.abs(error(b) - 2 * HOUR)).toBeLessThan(1);
});

it('follows a small step of the controller without a dispute', async () => {
  const b = bench();
  for (let i = 0; i < 5; i += 1) await b.reply();
  for (let i = 0; i < 3; i += 1) await b.reply(30_000);
  expect(b.time.now().trust).toBe('trusted');
  expect(Math.abs(error(b) - 30_000)).toBeLessThan(1);
});

it('disputes an RTC or NTP that differs, and no more once signed replies have overruled it', async () => {
  const b = bench();
  await b.reply();
  const observe = (byMs: number) =>
    b.time.observeReference(
      { kind: 'ntp', instant: TRUTH + b.clock.monotonic() + byMs, at: b.clock.monotonic(), boundMs: 1_000 },
      undefined,
    );
  observe(50_000);
  expect(b.time.now().trust).toBe('trusted');
  observe(10 * HOUR);
  expect(b.time.state.dispute?.reason).toBe('reference');
  for (let i = 0; i < 3; i += 1) await b.reply();
  observe(10 * HOUR);
  expect(b.time.now().trust).toBe('trusted');
  observe(12 * HOUR);
  expect(b.time.now().trust).toBe('disputed');
});

it('disputes when the first signed reply contradicts the RTC that was believed', async () => {
  const first = bench();
  await first.reply();
  const stored = first.time.toStore() as StoredTime;
  const b = bench({ bootId: 'boot-2' });
  b.time.restore(stored);
  b.time.observeReference(
    { kind: 'rtc', instant: TRUTH + 3 * HOUR, at: 0, boundMs: 2_000 },
    TRUTH + 9 * HOUR,
  );
  expect(b.time.now().trust).toBe('trusted');
  await b.reply();
  expect(b.time.state.dispute?.reason).toBe('reference');
  for (let i = 0; i < 3; i += 1) await b.reply();
  expect(b.time.now().trust).toBe('trusted');
  expect(Math.abs(error(b))).toBeLessThan(1);
});

it('keeps a dispute over a restart of the process', async () => {
  const b = bench();
  await b.reply();
  b.clock.jump(HOUR);
  b.time.observeWall();
  const after = bench({ clock: b.clock });
  after.time.restore(b.time.toStore() as StoredTime);
  expect(after.time.state.dispute).toEqual({ reason: 'wall-step', differenceMs: HOUR, agreeing: 0 });
});

it('never jumps while something plays: catches up by at most 500 ppm, and jumps when idle', async () => {
  const b = bench();
  for (let i = 0; i < 5; i += 1) await b.reply();
  const first = b.time.hold();
  const second = b.time.hold();
  const before = b.time.now(b.clock.monotonic()).instant - b.clock.monotonic();
  for (let i = 0; i < 3; i += 1) await b.reply(900);
  const started = b.clock.monotonic();
  const inUse = b.time.now().instant - started;
  expect(Math.abs(inUse - before)).toBeLessThan(4 * 1_040 * 600e-6 + 0.5);
  expect(b.time.target().instant - TRUTH - started).toBeCloseTo(900, 0);
  expect(b.time.now().boundMs).toBeGreaterThan(890);
  let last = b.time.now().instant;
  for (let i = 0; i < 100; i += 1) {
    await b.clock.advance(1_000);
    const passed = b.time.now().instant - last;
    expect(Math.abs(passed - 1_000)).toBeLessThan(0.5 + 0.21);
    last += passed;
  }
  first();
  first();
  expect(b.time.target().instant - b.time.now().instant).toBeGreaterThan(800);
  second();
  expect(b.time.now().instant).toBe(b.time.target().instant);
});

it('tells of changes until it is asked to stop', async () => {
  const b = bench();
  let told = 0;
  const off = b.time.onChange(() => {
    told += 1;
  });
  await b.reply();
  expect(told).toBe(1);
  off();
  await b.reply();
  expect(told).toBe(1);
});

const trustEvents: fc.Arbitrary<TrustEvent> = fc.oneof(
  fc.record({ kind: fc.constant('signed' as const), agrees: fc.boolean() }),
  fc.record({
    kind: fc.constant('signed-step' as const),
    stepMs: fc.integer({ min: -200_000, max: 200_000 }),
  }),
  fc.constant({ kind: 'restored' as const, dispute: null }),
  fc.constant({ kind: 'reference-vouches' as const }),
  fc.record({
    kind: fc.constant('reference-differs' as const),
    differenceMs: fc.integer({ min: -200_000, max: 200_000 }),
  }),
  fc.record({ kind: fc.constant('wall-step' as const), stepMs: fc.integer({ min: -200_000, max: 200_000 }) }),
);

it('is trusted only on a basis, disputed only for a reason, and leaves a dispute only by a signed reply', () => {
  fc.assert(
    fc.property(fc.array(trustEvents), (events) => {
      let state: TrustState = UNTRUSTED;
      for (const event of events) {
        const next = nextTrust(state, event);
        expect(next.trust === 'disputed').toBe(next.dispute !== null);
        expect(next.trust === 'untrusted').toBe(next.basis === null);
        if (state.trust !== 'untrusted') expect(next.trust).not.toBe('untrusted');
        if (state.trust === 'disputed' && next.trust === 'trusted') {
          expect(event).toEqual({ kind: 'signed', agrees: true });
          expect(state.dispute?.agreeing).toBe(2);
        }
        state = next;
      }
    }),
  );
});
