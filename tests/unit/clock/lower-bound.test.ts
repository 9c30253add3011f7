import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoredTime } from '../../../device-agent/clock/time-store.ts';
import { TrustedTime } from '../../../device-agent/clock/trusted-time.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const TRUTH = Date.UTC(2026, 5, 1);
/** The slowest crystal that is believed in, and a delay on the way. */
const SLACK = 0.0002;

/** What somebody who owns the line, NTP and the power can do, and what only the controller can. */
const acts = fc.oneof(
  fc.record({ kind: fc.constant('passes' as const), ms: fc.integer({ min: 1, max: 3 * DAY }) }),
  fc.record({ kind: fc.constant('wall' as const), ms: fc.integer({ min: -400 * DAY, max: 400 * DAY }) }),
  fc.record({ kind: fc.constant('ntp' as const), ms: fc.integer({ min: -90 * DAY, max: 90 * DAY }) }),
  // Something that was signed so long ago is let through.
  fc.record({ kind: fc.constant('document' as const), agoMs: fc.integer({ min: 0, max: 90 * DAY }) }),
  fc.record({ kind: fc.constant('reply' as const) }),
  fc.record({ kind: fc.constant('restart' as const) }),
  fc.record({ kind: fc.constant('power' as const), offMs: fc.integer({ min: 0, max: 30 * DAY }) }),
);

it('is never after the true time, and never goes back but for a time without power, whatever clocks are made to show', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { maxLength: 40 }), async (list) => {
      let clock = new FakeClock({ start: TRUTH });
      let boot = 0;
      let bootAt = TRUTH;
      const truth = () => bootAt + clock.monotonic();
      const begin = () => new TrustedTime({ clock, bootId: `boot-${boot}` });
      let time = begin();
      let least = 0;
      /** What somebody has signed and this loudspeaker has seen, with what has passed since. */
      let certain: { readonly instant: number; readonly at: number } | undefined;
      const seen = (instant: number) => {
        const known = certain && certain.instant + (clock.monotonic() - certain.at) * (1 - SLACK);
        if (known === undefined || instant > known) certain = { instant, at: clock.monotonic() };
      };
      for (const act of list) {
        if (act.kind === 'passes') await clock.advance(act.ms);
        else if (act.kind === 'wall') {
          clock.jump(act.ms);
          time.observeWall();
        } else if (act.kind === 'ntp') {
          const reading = { kind: 'ntp' as const, instant: truth() + act.ms, at: clock.monotonic() };
          time.observeReference({ ...reading, boundMs: 1_000 }, truth() + 14 * DAY);
        } else if (act.kind === 'document') {
          time.signedAt(truth() - act.agoMs);
          seen(truth() - act.agoMs);
        } else if (act.kind === 'reply') {
          const at = clock.monotonic();
          time.addSample({ sentAt: at, serverReceivedAt: truth(), serverSentAt: truth(), receivedAt: at });
          if (time.now().trust === 'trusted') seen(truth());
        } else {
          const stored: StoredTime | undefined = time.toStore();
          if (act.kind === 'power') {
            bootAt = truth() + act.offMs;
            boot += 1;
            clock = new FakeClock({ start: 0 });
            certain = stored && { instant: stored.notBefore, at: 0 };
            least = stored?.notBefore ?? 0;
          }
          time = begin();
          if (stored !== undefined) time.restore(stored);
        }
        const bound = time.notBefore();
        expect(bound).toBeLessThanOrEqual(truth() + 1);
        expect(bound).toBeGreaterThanOrEqual(least - 1);
        if (certain !== undefined) {
          const passed = (clock.monotonic() - certain.at) * (1 - 2 * SLACK);
          expect(bound).toBeGreaterThanOrEqual(certain.instant + passed - 1);
        }
        least = bound;
      }
    }),
    { numRuns: 200 },
  );
});

it('follows a controller whose clock was set back, as soon as that has answered', async () => {
  const clock = new FakeClock({ start: TRUTH });
  const time = new TrustedTime({ clock, bootId: 'boot' });
  const reply = (instant: number) => {
    const at = clock.monotonic();
    time.addSample({ sentAt: at, serverReceivedAt: instant, serverSentAt: instant, receivedAt: at });
  };
  reply(TRUTH + DAY);
  time.signedAt(TRUTH + DAY);
  // While that was wrong it has signed for a later day still; now it is set right.
  time.signedAt(TRUTH + 2 * DAY);
  expect(time.notBefore()).toBeLessThan(TRUTH + DAY + 2);
  for (let replies = 0; replies < 12; replies += 1) {
    await clock.advance(MINUTE);
    reply(TRUTH + clock.monotonic());
  }
  expect(time.now().trust).toBe('trusted');
  expect(time.notBefore()).toBeLessThanOrEqual(TRUTH + clock.monotonic());
  time.signedAt(TRUTH + DAY);
  expect(time.notBefore()).toBeLessThanOrEqual(TRUTH + clock.monotonic() + 1);
});
