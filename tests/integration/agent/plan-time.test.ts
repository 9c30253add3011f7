import { expect, it } from 'vitest';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { lonelyAudio as audio, Lonely, MINUTE, lonelySlot as slot } from './lonely.ts';

it('without a clock it is silent until time is trusted, and then plays what is still to come', async () => {
  // The first was over before the power came, the second while nobody knew the time.
  const [gone, early, next] = [slot(-6), slot(2), slot(10)];
  const lonely = await Lonely.open([gone, early, next], audio, { start: 0 });
  await lonely.pass(9.8 * MINUTE, 30_000);
  expect(lonely.agent.keeper.time.now().trust).toBe('untrusted');
  expect([gone, early, next].map((one) => lonely.kinds(one))).toEqual([[], [], []]);
  lonely.trust(FAKE_START + 9.9 * MINUTE);
  await lonely.pass(15_000);
  expect(lonely.kinds(gone)).toEqual(['missed order.too_late']);
  expect(lonely.kinds(early)).toEqual(['missed order.time_untrusted']);
  expect(lonely.kinds(next)).toEqual(['ready', 'started', 'finished']);
  expect(Math.abs(lonely.startErrorMs(next) ?? 1e9)).toBeLessThan(200);
});

it('a wall clock that jumps by hours makes nothing sound twice, or at another time', async () => {
  const [first, second] = [slot(1), slot(3)];
  const lonely = await Lonely.open([first, second], audio);
  lonely.trust(FAKE_START);
  await lonely.pass(65_000);
  expect(lonely.kinds(first)).toEqual(['ready', 'started', 'finished']);
  const trusted = () => FAKE_START + lonely.clock.monotonic();
  for (const hours of [3, -6]) {
    lonely.clock.inner.jump(hours * 60 * MINUTE);
    await lonely.pass(20_000, 1_000);
  }
  expect(lonely.agent.keeper.time.now().trust).toBe('disputed');
  expect(lonely.kinds(second)).toEqual(['ready']);
  // Three words of the controller that agree end the dispute.
  for (let reply = 0; reply < 3; reply++) {
    lonely.trust(trusted());
    await lonely.pass(1_000);
  }
  await lonely.pass(FAKE_START + 3 * MINUTE + 5_000 - trusted());
  expect(lonely.kinds(first)).toEqual(['ready', 'started', 'finished']);
  expect(lonely.kinds(second)).toEqual(['ready', 'started', 'finished']);
  expect(Math.abs(lonely.startErrorMs(second) ?? 1e9)).toBeLessThan(200);
});

it('a machine that slept over a slot plays it late within its lateness, and else tells that it was missed', async () => {
  const [strict, lenient] = [slot(2, 1), slot(3, 10)];
  const lonely = await Lonely.open([strict, lenient], audio);
  lonely.trust(FAKE_START);
  await lonely.pass(2_000);
  lonely.clock.sleep(8 * MINUTE);
  // Timers come 30 s after the sleep at the latest.
  await lonely.pass(35_000);
  expect(lonely.kinds(strict)).toEqual(['ready', 'missed order.too_late']);
  expect(lonely.kinds(lenient)).toEqual(['ready', 'started', 'finished']);
});
