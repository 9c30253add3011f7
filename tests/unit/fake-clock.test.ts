import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { delay } from '#kit';
import { FAKE_START, FakeClock } from '../helpers/fake-clock.ts';
import { inRepo } from '../helpers/repo-root.ts';

it('fires due timers in order, each at its own time, those set on the way included', async () => {
  const clock = new FakeClock();
  const seen: [string, number][] = [];
  const note = (name: string) => seen.push([name, clock.monotonic()]);
  clock.setTimer('late', 30, () => note('late'));
  clock.setTimer('early', 10, () => {
    note('early');
    clock.setTimer('between', 5, () => note('between'));
  });
  clock.setTimer('beyond', 31, () => note('beyond'));
  await clock.advance(30);
  expect(seen).toEqual([
    ['early', 10],
    ['between', 15],
    ['late', 30],
  ]);
  expect(clock.pendingTimers()).toEqual(['beyond']);
  expect(clock.now()).toBe(FAKE_START + 30);
});

it('runs what a timer wakes before the next timer fires', async () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  const first = delay(clock, 'first', 10).then(async () => {
    await readFile(inRepo('package.json'));
    seen.push('file read');
  });
  void clock.setTimer('second', 20, () => seen.push('second'));
  const wake = delay(clock, 'wake', 10).then(() => seen.push('woken'));
  await clock.advance(20);
  await Promise.all([first, wake]);
  expect(seen[0]).toBe('woken');
  expect(seen).toHaveLength(3);
});

it('moves the wall clock alone when it jumps', async () => {
  const clock = new FakeClock({ start: 1_000 });
  let fired = false;
  clock.setTimer('t', 100, () => {
    fired = true;
  });
  clock.jump(-500);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([500, 0, false]);
  await clock.advance(100);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([600, 100, true]);
});

it('never fires a cancelled timer, and a delay of zero neither waits nor is synchronous', async () => {
  const clock = new FakeClock();
  clock.setTimer('cancelled', 1, () => expect.unreachable()).cancel();
  let fired = false;
  await new Promise<void>((resolve) => {
    clock.setTimer('now', 0, () => {
      fired = true;
      resolve();
    });
    expect(fired).toBe(false);
  });
  await clock.advance(10);
  expect(fired).toBe(true);
});

it('tells when a timer is set, and queues advances that overlap', async () => {
  const clock = new FakeClock();
  const pending = clock.whenPending('retry');
  clock.setTimer('retry', 5, () => undefined);
  await pending;
  await Promise.all([clock.advance(3), clock.advance(4)]);
  expect(clock.monotonic()).toBe(7);
  await clock.advanceToNextTimer();
  expect(clock.monotonic()).toBe(7);
});
