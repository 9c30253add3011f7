import { expect, it } from 'vitest';
import {
  ADDRESS_RULE,
  type Attempt,
  LoginGuard,
  MOST_IN_SESSION,
  NAME_RULE,
  PAIR_RULE,
} from '../../../server/domain/accounts/login-guard.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const HOUR_MS = 3_600_000;

function guessing() {
  const clock = new FakeClock();
  const guard = new LoginGuard(clock);
  /** How long it has to wait, in seconds; 0: it may try, and fails. */
  const fail = (name: string, address: string, inside: Pick<Attempt, 'session' | 'device'> = {}): number => {
    try {
      guard.begin({ name, address, ...inside });
      return 0;
    } catch (error) {
      return Number((error as { params: { seconds: number } }).params.seconds);
    }
  };
  return { clock, guard, fail };
}

it('doubles the pause up to its bound, and never locks for good', async () => {
  const { clock, fail } = guessing();
  for (let i = 0; i < PAIR_RULE.free; i++) expect(fail('an', 'a')).toBe(0);
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const seconds = fail('an', 'a');
    waits.push(seconds);
    await clock.advance(seconds * 1000);
    expect(fail('an', 'a')).toBe(0);
  }
  expect(waits).toEqual([15, 30, 60, 120, 240, 480, 900, 900, 900]);
  await clock.advance(HOUR_MS + 1);
  expect(fail('an', 'a')).toBe(0);
  expect(fail('an', 'a')).toBe(0);
});

it('counts attempts that are under way, so that many at once are no way around', () => {
  const { guard, fail } = guessing();
  const tries = Array.from({ length: 50 }, () => fail('an', 'a'));
  expect(tries.filter((seconds) => seconds === 0)).toHaveLength(PAIR_RULE.free);
  expect(fail('an', 'b')).toBe(0);
  guard.succeeded({ name: 'an', address: 'b' });
  expect(fail('an', 'a')).toBeGreaterThan(0);
});

it('forgets at a success what was mistyped, but not for a password that still needs its code', () => {
  const { guard, fail } = guessing();
  for (let round = 0; round < 10; round++) {
    for (let i = 1; i < PAIR_RULE.free; i++) expect(fail('an', 'a')).toBe(0);
    guard.begin({ name: 'an', address: 'a' });
    guard.succeeded({ name: 'an', address: 'a' });
    if (round === 3) break;
  }
  for (let i = 1; i < PAIR_RULE.free; i++) {
    expect(fail('bình', 'c')).toBe(0);
    guard.begin({ name: 'bình', address: 'c' });
    guard.withdraw({ name: 'bình', address: 'c' });
  }
  expect(fail('bình', 'c')).toBe(0);
  expect(fail('bình', 'c')).toBeGreaterThan(0);
});

it('slows one name down from everywhere but its own devices, and one address for every name', () => {
  const { fail } = guessing();
  for (let i = 0; i < NAME_RULE.free; i++) expect(fail('an', `a${i}`)).toBe(0);
  expect([fail('an', 'new'), fail('an', 'new', { device: 'd' }), fail('bình', 'new')]).toEqual([15, 0, 0]);
  for (let i = 0; i < ADDRESS_RULE.free; i++) expect(fail(`n${i}`, 'carrier')).toBe(0);
  expect([fail('someone', 'carrier'), fail('someone', 'other')]).toEqual([15, 0]);
  // Behind the same carrier, a device that the person is known on.
  expect(fail('someone', 'carrier', { device: 'd' })).toBe(0);
});

it('counts what a known device gets wrong for that device alone', () => {
  const { fail } = guessing();
  for (let i = 0; i < PAIR_RULE.free; i++) expect(fail('an', `a${i}`, { device: 'lost' })).toBe(0);
  expect([fail('an', 'x', { device: 'lost' }), fail('an', 'x', { device: 'own' })]).toEqual([15, 0]);
  expect(fail('an', 'x')).toBe(0);
  // The name in it is another person's device.
  expect(fail('bình', 'x', { device: 'lost' })).toBe(0);
});

it('takes every address of an IPv6 line for one', () => {
  const { fail } = guessing();
  for (let i = 0; i < PAIR_RULE.free; i++) expect(fail('an', `2001:db8:1:2:${i}::1`)).toBe(0);
  expect([fail('an', '2001:db8:1:2:ffff::9'), fail('an', '2001:db8:1:3::9')]).toEqual([15, 0]);
});

it('counts inside a session whatever the address, tells when it is spent, and forgets it only at a success', async () => {
  const { clock, guard, fail } = guessing();
  const one = { session: 's1' };
  for (let i = 0; i < PAIR_RULE.free; i++) expect(fail('an', `a${i}`, one)).toBe(0);
  expect([fail('an', 'x', one), fail('an', 'x', { session: 's2' })]).toEqual([15, 0]);
  for (let i = PAIR_RULE.free; i < MOST_IN_SESSION; i++) {
    expect(guard.isSpent({ name: 'an', address: 'x', ...one })).toBe(false);
    await clock.advance(2 * HOUR_MS);
    expect(fail('an', 'x', one)).toBe(0);
  }
  expect(guard.isSpent({ name: 'an', address: 'x', ...one })).toBe(true);
  guard.succeeded({ name: 'an', address: 'x', ...one });
  expect(guard.isSpent({ name: 'an', address: 'x', ...one })).toBe(false);
  // All sessions of one name have one count together, which others' guesses outside do not touch.
  await clock.advance(2 * HOUR_MS);
  for (let i = 0; i < NAME_RULE.free; i++) expect(fail('an', 'x', { session: `t${i}` })).toBe(0);
  expect([fail('an', 'x', { session: 'u' }), fail('bình', 'x', { session: 'v' })]).toEqual([15, 0]);
});
