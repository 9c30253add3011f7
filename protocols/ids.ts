import { hash, randomBytes } from 'node:crypto';
import { base32, CROCKFORD } from './crockford.ts';
import type { Instant } from './kit/clock.ts';

export type IdPrefix =
  | 'ann'
  | 'are'
  | 'brc'
  | 'bat'
  | 'job'
  | 'ord'
  | 'req'
  | 'spk'
  | 'jnl'
  | 'evt'
  | 'prg'
  | 'sch'
  | 'ser'
  | 'ses'
  | 'lat'
  | 'urg'
  | 'acs'
  | 'lnk'
  | 'tok'
  | 'enr'
  | 'sta'
  | 'emg'
  | 'mai'
  | 'ref';

/** A new id: prefix, 10 characters of time in milliseconds (so ids sort by age), 16 of randomness (80 bits). */
export function newId(prefix: IdPrefix, now: Instant, random: Uint8Array = randomBytes(10)): string {
  let time = '';
  let rest = Math.floor(now);
  for (let i = 0; i < 10; i++) {
    time = CROCKFORD[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return `${prefix}_${time}${base32(random)}`;
}

/**
 * An id that follows from its parts (130 bits of SHA-256): the same parts give the same id on every machine and after every restore.
 * A broadcast's is derived from (series id, original slot).
 */
export function derivedId(prefix: IdPrefix, ...parts: readonly (string | number)[]): string {
  const bytes = hash('sha256', JSON.stringify(parts), 'buffer');
  return `${prefix}_${base32(bytes, 26)}`;
}

/** SHA-256 of bytes (or of a text's UTF-8) in lower-case hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex');
}
