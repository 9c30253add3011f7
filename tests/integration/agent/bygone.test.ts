import { expect, it } from 'vitest';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { lonelyAudio as audio, Lonely, lonelyContent, MINUTE } from './lonely.ts';
import { playOrder } from './test-controller.ts';
import { AREA } from './village.ts';

const DAY = 24 * 60 * MINUTE;

/** An emergency that was to sound at once, and no later than ten minutes after. */
function emergency(issuedAt: number) {
  const hardEndAt = issuedAt + 10 * MINUTE;
  return {
    ...playOrder(lonelyContent(), {
      ...{ issuedAt, startsAt: issuedAt + 1_000, latestStartAt: hardEndAt - MINUTE, hardEndAt },
      ...{ expiresAt: hardEndAt, window: null, revision: issuedAt },
    }),
    priority: 'emergency' as const,
  };
}

/** Its clocks contradict each other, so that it knows no time. */
async function spoof(lonely: Lonely): Promise<void> {
  lonely.clock.inner.jump(180 * MINUTE);
  await lonely.pass(11_000, 1_000);
  expect(lonely.agent.keeper.time.now().trust).toBe('disputed');
}

it('an emergency that was kept back until it was over does not sound, whatever the clock is made to show', async () => {
  const lonely = await Lonely.open([], audio);
  lonely.trust(FAKE_START);
  await lonely.pass(1_000);
  const late = emergency(FAKE_START + MINUTE);
  lonely.clock.sleep(2 * DAY);
  await spoof(lonely);
  await lonely.order(late);
  await lonely.pass(20_000);
  expect(lonely.kinds(late)).toEqual(['refused order.expired']);
  // One of this moment sounds without trusted time.
  const now = emergency(FAKE_START + lonely.clock.monotonic());
  await lonely.order(now);
  await lonely.pass(5_000);
  expect(lonely.kinds(now)).toEqual(['ready', 'started', 'finished']);
});

it('what any signed document says of the time counts against an order, in its own time', async () => {
  const lonely = await Lonely.open([], audio, { start: 0 });
  expect(lonely.agent.keeper.time.now().trust).toBe('untrusted');
  const [first, second] = [emergency(FAKE_START), emergency(FAKE_START + MINUTE)];
  // The end of a stop, two days later: whoever lets it through has told what time it is at least.
  const issuedAt = FAKE_START + 2 * DAY;
  const stop = await lonely.controller.latch('lat-1', AREA, { revision: 1, state: 'released', issuedAt });
  await lonely.agent.latches.receive(Buffer.from(stop));
  await lonely.order(first);
  await lonely.pass(10_000);
  expect(lonely.kinds(first)).toEqual(['refused order.expired']);
  lonely.clock.sleep(DAY);
  const third = emergency(FAKE_START + 2 * DAY + MINUTE);
  await lonely.order(second);
  await lonely.order(third);
  await lonely.pass(10_000);
  expect([second, third].map((one) => lonely.kinds(one))).toEqual([
    ['refused order.expired'],
    ['refused order.expired'],
  ]);
});
