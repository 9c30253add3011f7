import { describe, expect, it } from 'vitest';
import { LineWatch } from '../../../device-agent/link/line-watch.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

/** A line whose other end answers pings until `silent`. Times in seconds. */
function line() {
  const clock = new FakeClock();
  const pings: number[] = [];
  const dead: number[] = [];
  const seconds = () => clock.monotonic() / 1000;
  const state = { silent: false };
  const watch: LineWatch = new LineWatch({
    clock,
    ping: () => {
      pings.push(seconds());
      watch.sent();
      if (!state.silent) watch.received();
    },
    dead: () => dead.push(seconds()),
  });
  return { clock, pings, dead, state, watch };
}

describe('LineWatch', () => {
  it('pings an idle line once a minute', async () => {
    const { clock, pings, dead } = line();
    await clock.advance(200_000);
    expect(pings).toEqual([60, 120, 180]);
    expect(dead).toEqual([]);
  });

  it('takes whatever else is sent for a ping, but nothing that comes', async () => {
    const { clock, pings, watch } = line();
    for (let i = 0; i < 4; i++) {
      await clock.advance(50_000);
      watch.sent();
      watch.received();
    }
    await clock.advance(50_000);
    watch.received();
    expect(pings).toEqual([]);
    await clock.advance(10_000);
    expect(pings).toEqual([260]);
  });

  it.each([0, 1, 20, 45, 59])(
    'finds a line dead within two minutes, %i s after the last packet',
    async (wait) => {
      const { clock, dead, state, watch } = line();
      watch.sent();
      watch.received();
      state.silent = true;
      await clock.advance(wait * 1000);
      // What is sent on and on without an answer does not keep it alive.
      for (let i = 0; i < 120 - wait; i++) {
        if (dead.length === 0) watch.sent();
        await clock.advance(1_000);
      }
      expect(dead).toEqual([wait + 60]);
      expect(clock.pendingTimers()).toEqual([]);
    },
  );

  it('finds an idle line dead in two minutes', async () => {
    const { clock, pings, dead, state } = line();
    state.silent = true;
    await clock.advance(600_000);
    expect(pings).toEqual([60, 90]);
    expect(dead).toEqual([120]);
  });

  it('goes on when an answer is merely late, and leaves no timer behind', async () => {
    const { clock, pings, dead, state, watch } = line();
    watch.sent();
    state.silent = true;
    await clock.advance(40_000);
    expect(pings).toEqual([30]);
    watch.received();
    state.silent = false;
    await clock.advance(60_000);
    expect(dead).toEqual([]);
    watch.stop();
    expect(clock.pendingTimers()).toEqual([]);
  });
});
