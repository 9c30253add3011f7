import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  BootClock,
  BootTime,
  LinuxUptime,
  type UptimeSource,
} from '../../../device-agent/clock/boot-time.ts';

/** A machine whose two clocks are moved by the test. Reading takes a moment, as it does on a real one. */
class FakeMachine implements UptimeSource {
  readonly bootId = 'boot-1';
  readonly coarseStepMs = 10;
  awake = 5_000.123;
  asleep = 0;
  readings = 0;

  awakeMs(): number {
    this.awake += 0.002;
    return this.awake;
  }

  coarseBootMs(): number | undefined {
    this.readings += 1;
    this.awake += 0.01;
    return Math.floor((this.awake + this.asleep) / 10) * 10;
  }

  get boot(): number {
    return this.awake + this.asleep;
  }
}

it('counts suspend, to a fraction of a millisecond, though the system shows hundredths of a second', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.double({ min: 20, max: 9e7, noNaN: true }))),
      (spans) => {
        const machine = new FakeMachine();
        const time = new BootTime(machine);
        let before = time.now();
        for (const [awake, asleep] of spans) {
          machine.awake += awake;
          expect(Math.abs(time.now() - machine.boot)).toBeLessThan(0.3);
          machine.asleep += asleep;
          machine.awake += 250;
          const now = time.now();
          expect(Math.abs(now - machine.boot)).toBeLessThan(0.3);
          expect(now).toBeGreaterThan(before);
          before = now;
        }
        const slept = spans.reduce((sum, [, asleep]) => sum + asleep, 0);
        expect(Math.abs(time.suspendedMs - slept)).toBeLessThan(0.3 * (spans.length + 1));
      },
    ),
    { numRuns: 50 },
  );
});

it('costs no look at the coarse clock within 200 ms of the last', () => {
  const machine = new FakeMachine();
  const time = new BootTime(machine);
  time.now();
  const before = machine.readings;
  for (let i = 0; i < 50; i += 1) time.now();
  expect(machine.readings).toBe(before);
});

it('goes on without suspend where the system tells nothing', () => {
  const machine = new FakeMachine();
  machine.coarseBootMs = () => undefined;
  const time = new BootTime(machine);
  const first = time.now();
  machine.awake += 1_000;
  expect(time.now() - first).toBeCloseTo(1_000, 1);
});

it.runIf(process.platform === 'linux')('reads this machine, and two readers of one boot agree', async () => {
  const noBootId = () => 'none';
  const [one, two] = [new LinuxUptime({ noBootId }), new LinuxUptime({ noBootId })];
  expect(one.bootId).toMatch(/^[0-9a-f-]{36}$/);
  const [first, second] = [new BootTime(one), new BootTime(two)];
  // Zero is the boot for both: what one process stores, the next can use.
  const [before, between, after] = [first.now(), second.now(), first.now()];
  // One step of /proc/uptime is what holds for certain, however late this process is given the processor.
  expect(between).toBeGreaterThan(before - 10);
  expect(between).toBeLessThan(after + 10);
  const clock = new BootClock(first);
  await new Promise<void>((resolve) => void clock.setTimer('test', 1, resolve));
  expect(clock.monotonic()).toBeGreaterThan(after);
  one.close();
  two.close();
});
