import { expect, it } from 'vitest';
import {
  ADDRESS_RULE,
  LoginGuard,
  NAME_RULE,
  PAIR_RULE,
} from '../../../server/domain/accounts/login-guard.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const HOUR_MS = 3_600_000;

function guessing() {
  const clock = new FakeClock();
  const guard = new LoginGuard(clock);
  /** How long it has to wait, in seconds; 0: it may try, and fails. */
  const fail = (name: string, address: string, known = false): number => {
    try {
      guard.begin(name, address, known);
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
  guard.succeeded('an', 'b', false);
  expect(fail('an', 'a')).toBeGreaterThan(0);
});

it('forgets at a success what was mistyped, but not for a password that still needs its code', () => {
  const { guard, fail } = guessing();
  for (let round = 0; round < 10; round++) {
    for (let i = 1; i < PAIR_RULE.free; i++) expect(fail('an', 'a')).toBe(0);
    guard.begin('an', 'a', true);
    guard.succeeded('an', 'a', true);
    if (round === 3) break;
  }
  for (let i = 1; i < PAIR_RULE.free; i++) {
    expect(fail('bình', 'c')).toBe(0);
    guard.begin('bình', 'c', true);
    guard.withdraw('bình', 'c', true);
  }
  expect(fail('bình', 'c')).toBe(0);
  expect(fail('bình', 'c')).toBeGreaterThan(0);
});

it('slows one name down from everywhere but from home, and one address for every name', () => {
  const { fail } = guessing();
  for (let i = 0; i < NAME_RULE.free; i++) expect(fail('an', `a${i}`)).toBe(0);
  expect([fail('an', 'new'), fail('an', 'home', true), fail('bình', 'new')]).toEqual([15, 0, 0]);
  for (let i = 0; i < ADDRESS_RULE.free; i++) expect(fail(`n${i}`, 'carrier')).toBe(0);
  expect([fail('someone', 'carrier'), fail('someone', 'other')]).toEqual([15, 0]);
});
