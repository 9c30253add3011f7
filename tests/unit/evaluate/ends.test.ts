import { describe, expect, it } from 'vitest';
import {
  arbitrate,
  BUILT_IN_DURATIONS_MS,
  type Hold,
  type PlayOrder,
  plannedItem,
  simulate,
} from '#protocols';
import { playOrder } from '../../integration/agent/orders.ts';
import { holding, item, MINUTE, NOW, planned, rules, situation } from './examples.ts';

const SECOND = 1_000;
const until = (instant: number): Hold => ({ by: 'chu-tich', reason: 'tang lễ', until: instant });

describe('the next look', () => {
  it('is at the end of a quiet hour or of maintenance, whatever waits for it', () => {
    const ends = NOW + 10 * SECOND;
    const late = item('a', { latestStartAt: NOW + 20 * SECOND });
    const look = (held: object) => arbitrate(situation([late], { holdEnds: [ends], ...held }));
    expect(look({ muted: true })).toMatchObject({ sound: null, nextAt: ends });
    expect(look({ maintenance: true })).toMatchObject({ sound: null, nextAt: ends });
    // Without trusted time it has ended when that is certain.
    const notBefore = NOW - SECOND;
    const doubt = look({ muted: true, trust: 'untrusted', notBefore });
    expect(doubt.nextAt).toBe(NOW + ends - notBefore);
  });

  it('is at the end of the window that the rules have now, though it was wider when the sound began', () => {
    const window = { opensAt: NOW - 60 * MINUTE, closesAt: NOW + 60 * MINUTE };
    const sounding = item('a', { window, hardEndAt: NOW + 30 * MINUTE, remainingMs: 20 * MINUTE });
    const days = [1, 2, 3, 4, 5, 6, 7];
    const narrowed = rules({ windows: [{ days, opens: '05:00', closes: '05:41' }] });
    const at = (now: number) => arbitrate(situation([sounding], { rules: narrowed, current: 'a', now }));
    expect(at(NOW)).toMatchObject({ stop: null, nextAt: NOW + MINUTE });
    expect(at(NOW + MINUTE).stop).toBe('order.outside_window');
  });
});

it('a preview lets sound what a quiet hour lets go in time, and not what it does not', () => {
  const run = (lateMs: number) =>
    simulate(
      [planned('a', { latestStartAt: NOW + lateMs })],
      holding({ mute: until(NOW + 10 * SECOND), maintenance: until(NOW + 4 * SECOND) }),
      { from: NOW, to: NOW + 1 },
    ).items[0];
  expect(run(20 * SECOND)?.ranges[0]?.startedAt).toBe(NOW + 10 * SECOND);
  expect(run(9 * SECOND)?.reason?.code).toBe('order.muted');
});

describe('one repetition of an order', () => {
  const content = (kind: string, durationMs: number) => ({ kind, durationMs }) as PlayOrder['content'];
  const lengthOf = (what: PlayOrder['content'], prelude: PlayOrder['prelude']) =>
    plannedItem(playOrder(what, { prelude }), null).durationMs;
  const { chime } = BUILT_IN_DURATIONS_MS;

  it('has the sounds before it, but of a relay they take the beginning', () => {
    expect(lengthOf(content('file', MINUTE), [{ name: 'chime' }])).toBe(MINUTE + chime);
    expect(lengthOf(content('relay', MINUTE), [{ name: 'chime' }])).toBe(MINUTE);
    expect(lengthOf(content('relay', 1_000), [{ name: 'chime' }])).toBe(chime);
  });

  it('has the length of a stored message that the order tells', () => {
    const message = { name: 'loi-chao', durationMs: 4_200 };
    expect(lengthOf(content('file', MINUTE), [{ name: 'chime' }, message])).toBe(MINUTE + chime + 4_200);
    expect(lengthOf(content('file', MINUTE), [{ name: 'loi-chao' }])).toBe(MINUTE);
  });
});

it('a test that repeats is as long as all of it', () => {
  const at = Date.parse('2026-01-05T08:00+07:00');
  const test = (count: number) =>
    simulate(
      [planned('t', { startsAt: at, durationMs: 5_000, test: true, repeat: { count, intervalMs: 0 } })],
      holding(),
      { from: at, to: at + 1 },
    ).items[0];
  expect(test(2)?.reason).toBeNull();
  expect(test(2)?.ranges).toHaveLength(2);
  expect(test(100)?.ranges).toEqual([]);
  expect(test(100)?.reason?.code).toBe('policy.no_tests');
});
