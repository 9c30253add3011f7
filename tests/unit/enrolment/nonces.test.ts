import { expect, it } from 'vitest';
import { EnrolmentNonces } from '../../../server/domain/enrolment/nonces.ts';
import { WrongTries } from '../../../server/domain/enrolment/wrong-tries.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const SUBJECT = { speakerId: 'loa-1', speakerPublicKey: 'key', speakerNonce: 'nonce' };

it('a nonce works once, for its subject, for five minutes, in its process', async () => {
  const clock = new FakeClock();
  const nonces = new EnrolmentNonces(clock);
  const nonce = nonces.issue(SUBJECT);
  expect(nonce).toMatch(/^[A-Za-z0-9_-]{1,256}$/);
  for (const other of [{ speakerId: 'loa-2' }, { speakerPublicKey: 'k2' }, { speakerNonce: 'n2' }])
    expect(nonces.take(nonce, { ...SUBJECT, ...other })).toBe(false);
  expect(new EnrolmentNonces(clock).take(nonce, SUBJECT)).toBe(false);
  const bent = `${nonce[0] === 'A' ? 'B' : 'A'}${nonce.slice(1)}`;
  for (const wrong of ['', 'AAAA', nonce.slice(4), bent]) expect(nonces.take(wrong, SUBJECT)).toBe(false);
  expect(nonces.take(nonce, SUBJECT)).toBe(true);
  expect(nonces.take(nonce, SUBJECT)).toBe(false);
  const late = nonces.issue(SUBJECT);
  await clock.advance(5 * 60_000 + 1);
  expect(nonces.take(late, SUBJECT)).toBe(false);
});

it('a nonce that was given out before one that was taken is over: a delayed finish undoes nothing', () => {
  const nonces = new EnrolmentNonces(new FakeClock());
  const [first, second] = [nonces.issue(SUBJECT), nonces.issue(SUBJECT)];
  const elsewhere = { ...SUBJECT, speakerId: 'loa-2' };
  const other = nonces.issue(elsewhere);
  expect(nonces.take(second, SUBJECT)).toBe(true);
  expect(nonces.take(first, SUBJECT)).toBe(false);
  expect(nonces.take(other, elsewhere)).toBe(true);
});

it('an address with thirty wrong codes waits, and no other', async () => {
  const clock = new FakeClock();
  const tries = new WrongTries(clock);
  for (let i = 0; i < 29; i++) tries.count('1.2.3.4');
  expect(tries.waitMs('1.2.3.4')).toBe(0);
  await clock.advance(60_000);
  tries.count('1.2.3.4');
  expect(tries.waitMs('1.2.3.4')).toBe(14 * 60_000);
  expect(tries.waitMs('1.2.3.5')).toBe(0);
  await clock.advance(14 * 60_000);
  expect(tries.waitMs('1.2.3.4')).toBe(0);
  // Many addresses do not make it grow without end: the oldest are forgotten.
  for (let i = 0; i < 30; i++) tries.count('1.2.3.4');
  for (let i = 0; i < 10_000; i++) tries.count(`2001:db8:0:${i.toString(16)}::1`);
  expect(tries.waitMs('1.2.3.4')).toBe(0);
});

it('counts a whole network of IPv6 as one address: who has one has all of it', () => {
  const tries = new WrongTries(new FakeClock());
  for (let i = 0; i < 30; i++) tries.count(`2001:db8:0:1::${i.toString(16)}`);
  expect(tries.waitMs('2001:db8:0:1:ffff::1')).toBeGreaterThan(0);
  expect(tries.waitMs('2001:db8:0:2::1')).toBe(0);
});
