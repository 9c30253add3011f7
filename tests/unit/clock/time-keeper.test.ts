import { afterEach, expect, it } from 'vitest';
import { delay } from '#kit';
import type { ReferenceReading } from '../../../device-agent/clock/reference-clock.ts';
import { DEFAULT_SAMPLING } from '../../../device-agent/clock/sampling-policy.ts';
import { TimeKeeper, type TimeKeeperOptions } from '../../../device-agent/clock/time-keeper.ts';
import type { TimeSample, TimeSource } from '../../../device-agent/clock/time-source.ts';
import type { StoredTime } from '../../../device-agent/clock/time-store.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { seededRandom } from '../../helpers/network-delay.ts';
import { SimulatedNetwork } from './simulated-network.ts';

const HOUR = 3_600_000;

/** A controller behind a simulated network; the exchange takes its time on the fake clock. */
class FakeController implements TimeSource {
  readonly network: SimulatedNetwork;
  readonly asked: { readonly at: number; readonly nonce: string }[] = [];
  down = false;
  silent = false;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, maxDelayMs: number) {
    this.#clock = clock;
    this.network = new SimulatedNetwork({ random: seededRandom(11), maxDelayMs, driftPpm: 30 });
  }

  async request(nonce: string, signal: AbortSignal): Promise<TimeSample> {
    const at = this.#clock.monotonic();
    this.asked.push({ at, nonce });
    if (this.down) throw new Error('link is down');
    if (this.silent) await delay(this.#clock, 'never', 9 * HOUR, signal);
    const sample = this.network.exchange(at);
    await delay(this.#clock, 'on the wire', sample.receivedAt - at, signal);
    return sample;
  }
}

function bench(
  options: Partial<TimeKeeperOptions> & {
    readonly maxDelayMs?: number;
    readonly clock?: FakeClock;
    readonly stored?: StoredTime;
  } = {},
) {
  const { maxDelayMs = 300, clock = new FakeClock(), stored, ...rest } = options;
  const controller = new FakeController(clock, maxDelayMs);
  const errors: string[] = [];
  const saved: StoredTime[] = [];
  const set: number[] = [];
  const events: string[] = [];
  let reading: ReferenceReading | undefined;
  let nonces = 0;
  const keeper = new TimeKeeper({
    clock,
    bootId: 'boot-1',
    source: controller,
    store: { load: async () => stored, save: async (time) => void saved.push(time) },
    reference: { read: async () => reading },
    systemClock: {
      set: async (trueTime) => {
        set.push(trueTime());
        return { outcome: 'failed', reason: 'not permitted' };
      },
    },
    nonce: () => `nonce-${nonces++}`,
    planValidUntil: () => undefined,
    onError: (what, error) => errors.push(`${what}: ${error instanceof Error ? error.message : error}`),
    random: seededRandom(1),
    ...rest,
  });
  keeper.on('trusted', ({ basis }) => void events.push(`trusted ${basis}`));
  keeper.on('disputed', ({ reason }) => void events.push(`disputed ${reason}`));
  running.push({ keeper, clock });
  return {
    keeper,
    clock,
    controller,
    errors,
    saved,
    set,
    events,
    refer: (value: ReferenceReading) => {
      reading = value;
    },
    error: () =>
      Math.abs(
        keeper.time.target().instant - clock.monotonic() - controller.network.offset(clock.monotonic()),
      ),
    askedSince: (at: number) => controller.asked.filter((entry) => entry.at >= at).length,
  };
}

const running: { readonly keeper: TimeKeeper; readonly clock: FakeClock }[] = [];

afterEach(async () => {
  const all = running.splice(0);
  for (const { keeper } of all) await keeper.stop();
  for (const { clock } of all) expect(clock.pendingTimers()).toEqual([]);
});

it('asks in a burst at first contact, then ever more rarely, each time with a new nonce', async () => {
  const b = bench();
  expect(b.keeper.time.now().trust).toBe('untrusted');
  await b.keeper.start();
  await b.clock.advance(1_000);
  expect(b.events).toEqual(['trusted signed']);
  await b.clock.advance(35_000);
  expect(b.controller.asked.length).toBeGreaterThanOrEqual(64);
  expect(b.error()).toBeLessThan(14);
  const gaps = b.controller.asked.slice(1).map((entry, i) => entry.at - (b.controller.asked[i]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(DEFAULT_SAMPLING.burstGapMs);
  await b.clock.advance(HOUR);
  expect(b.controller.asked.length).toBeLessThan(64 + 320);
  expect(b.askedSince(b.clock.monotonic() - 600_000)).toBeLessThan(13);
  expect(b.error()).toBeLessThan(14);
  expect(new Set(b.controller.asked.map((entry) => entry.nonce)).size).toBe(b.controller.asked.length);
  expect(b.keeper.health()).toMatchObject({
    trust: 'trusted',
    basis: 'signed',
    disputeReason: null,
    reference: null,
    systemClock: 'failed',
  });
  expect(b.keeper.health().driftPpm).toBeCloseTo(30, -1);
  // The machine's clock was tried once, with the true time, and the refusal was told.
  expect(b.set).toHaveLength(1);
  expect(b.errors).toEqual(['system clock: not permitted']);
});

it('asks little on a quiet network', async () => {
  const b = bench({ maxDelayMs: 0.8 });
  await b.keeper.start();
  await b.clock.advance(HOUR);
  expect(b.controller.asked.length).toBeLessThan(80);
  expect(b.error()).toBeLessThan(0.5);
});

it('tries again with growing patience while the link is down, and at once when it is up', async () => {
  const b = bench();
  b.controller.down = true;
  await b.keeper.start();
  await b.clock.advance(HOUR);
  expect(b.controller.asked.length).toBeGreaterThan(60);
  expect(b.controller.asked.length).toBeLessThan(140);
  expect(b.keeper.health().samples.failed).toBe(b.controller.asked.length);
  expect(b.keeper.health()).toMatchObject({ trust: 'untrusted', errorBoundMs: null, wallErrorMs: null });
  b.controller.down = false;
  const before = b.controller.asked.length;
  b.keeper.linkUp();
  await b.clock.advance(700);
  expect(b.controller.asked.length).toBeGreaterThan(before);
  expect(b.events).toEqual(['trusted signed']);
});

it('gives a silent controller 10 s, and lets go of the request when it is stopped', async () => {
  const b = bench();
  b.controller.silent = true;
  await b.keeper.start();
  await b.clock.advance(12_000);
  expect(b.errors).toContain('time request: no reply in time');
  await b.keeper.stop();
  expect(b.saved).toEqual([]);
});

it('bursts again after a long absence, not after a short one', async () => {
  const b = bench();
  await b.keeper.start();
  await b.clock.advance(2 * HOUR);
  const drop = async (ms: number) => {
    b.controller.down = true;
    await b.clock.advance(ms);
    b.controller.down = false;
    const since = b.clock.monotonic();
    b.keeper.linkUp();
    await b.clock.advance(60_000);
    return b.askedSince(since);
  };
  expect(await drop(600_000)).toBeLessThan(5);
  expect(await drop(2 * HOUR)).toBeGreaterThanOrEqual(64);
});

it('sharpens shortly before a planned start, once', async () => {
  const b = bench();
  await b.keeper.start();
  await b.clock.advance(5 * HOUR);
  const start = b.keeper.time.target().instant + 300_000;
  b.keeper.sharpen(start);
  b.keeper.sharpen(start);
  const before = b.clock.monotonic();
  await b.clock.advance(240_000);
  expect(b.askedSince(before)).toBeLessThan(3);
  await b.clock.advance(60_000);
  expect(b.askedSince(before)).toBeGreaterThan(50);
  expect(b.keeper.time.target().boundMs).toBeLessThan(20);
  expect(b.error()).toBeLessThan(14);
  await b.clock.advance(120_000);
  expect(b.askedSince(before)).toBeLessThan(70);
});

it('does not sharpen what is sharp', async () => {
  const b = bench({ maxDelayMs: 0.8 });
  await b.keeper.start();
  await b.clock.advance(HOUR);
  const before = b.clock.monotonic();
  b.keeper.sharpen(b.keeper.time.target().instant + 20_000);
  await b.clock.advance(30_000);
  expect(b.askedSince(before)).toBeLessThan(3);
});

it('comes back trusted after a restart, with one request and not a burst', async () => {
  const first = bench();
  await first.keeper.start();
  await first.clock.advance(HOUR);
  await first.keeper.stop();
  const stored = first.saved.at(-1);
  expect(stored).toBeDefined();
  const second = bench({ clock: first.clock, ...(stored && { stored }) });
  second.controller.down = true;
  const before = first.clock.monotonic();
  await second.keeper.start();
  expect(second.events).toEqual(['trusted restored']);
  expect(second.error()).toBeLessThan(14);
  second.controller.down = false;
  await first.clock.advance(20_000);
  expect(second.askedSince(before)).toBeLessThan(5);
});

it('tells of a dispute, stores it at once, and asks its way out of it', async () => {
  const b = bench();
  await b.keeper.start();
  await b.clock.advance(12 * HOUR);
  b.controller.silent = true;
  b.clock.jump(-3 * HOUR);
  await b.clock.advance(10_000);
  expect(b.events).toEqual(['trusted signed', 'disputed wall-step']);
  expect(b.saved.at(-1)?.estimate?.dispute?.reason).toBe('wall-step');
  b.controller.silent = false;
  await b.clock.advance(20_000);
  expect(b.events.at(-1)).toBe('trusted signed');
  // The machine's clock is put right again.
  expect(b.set).toHaveLength(2);
});

it('holds reference clocks against the time every quarter of an hour', async () => {
  const b = bench();
  await b.keeper.start();
  await b.clock.advance(60_000);
  b.refer({
    kind: 'rtc',
    instant: b.keeper.time.now().instant - HOUR,
    at: b.clock.monotonic(),
    boundMs: 2_000,
  });
  await b.clock.advance(900_000);
  expect(b.events).toContain('disputed reference');
  expect(b.keeper.health()).toMatchObject({ reference: 'rtc' });
});

it('goes on when its file cannot be written, and does not hammer the disk', async () => {
  let tries = 0;
  const b = bench({
    store: {
      load: async () => undefined,
      save: async () => {
        tries += 1;
        throw new Error('disk is full');
      },
    },
  });
  await b.keeper.start();
  await b.clock.advance(HOUR);
  expect(tries).toBeLessThan(5);
  expect(b.errors).toContain('time store: disk is full');
  expect(b.keeper.time.now().trust).toBe('trusted');
});

it('keeps what is certain of the time: once an hour without any answer, and soon after a document tells of a later time', async () => {
  const b = bench();
  await b.keeper.start();
  await b.clock.advance(2 * HOUR);
  b.controller.down = true;
  const [before, saves] = [b.keeper.time.now().instant, b.saved.length];
  await b.clock.advance(48 * HOUR);
  expect(b.saved.length - saves).toBeLessThan(50);
  expect(b.saved.at(-1)?.notBefore).toBeGreaterThan(before + 46.9 * HOUR);
  const { notBefore } = b.saved.at(-1) as StoredTime;
  // The power fails, and nobody answers afterwards either.
  const stored = { ...(b.saved.at(-1) as StoredTime), bootId: 'boot-0' };
  const after = bench({ stored });
  after.controller.down = true;
  await after.keeper.start();
  expect(after.keeper.time.notBefore()).toBeGreaterThanOrEqual(notBefore);
  expect(after.keeper.time.now().trust).toBe('untrusted');
  after.keeper.time.signedAt(notBefore + 90 * 24 * HOUR);
  await after.clock.advance(70_000);
  expect(after.saved.at(-1)).toMatchObject({ bootId: 'boot-1', estimate: null });
  expect(after.saved.at(-1)?.notBefore).toBeGreaterThanOrEqual(notBefore + 90 * 24 * HOUR);
});
