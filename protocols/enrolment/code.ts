import { randomBytes } from 'node:crypto';
import { base32, CROCKFORD } from '../crockford.ts';
import { DomainError } from '../errors/index.ts';

/** Letters of chance in a code: 95 bits. What a controller answers to `begin` can be tried against guesses at leisure, so that fewer than 80 would not do. */
const RANDOM_LETTERS = 19;
/** All of them, with the check letter. */
const LETTERS = RANDOM_LETTERS + 1;
const GROUP = 4;

/** A new enrolment code: 20 letters of Crockford's base 32 in upper case, the last one a check, without separators. */
export function newEnrolmentCode(random: Uint8Array = randomBytes(12)): string {
  const letters = base32(random, RANDOM_LETTERS);
  return (letters + CROCKFORD[double(checksum(letters))]).toUpperCase();
}

/** A code as people read it: five groups of four. */
export function shownCode(code: string): string {
  return (code.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []).join('-');
}

/**
 * The code that somebody typed: case, spaces and hyphens do not matter, and o, i and l are read as the digits they look like.
 * Throws `enrolment.code_malformed` when it has another length, a letter that no code has, or a check that does not fit.
 */
export function readEnrolmentCode(typed: string): string {
  const letters = typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
  if (letters.length !== LETTERS)
    throw new DomainError('enrolment.code_malformed', {
      reason: `it has ${letters.length} letters and digits, a code has ${LETTERS}`,
    });
  const strange = [...letters].find((letter) => !CROCKFORD.includes(letter));
  if (strange !== undefined)
    throw new DomainError('enrolment.code_malformed', { reason: `no code has "${strange}"` });
  if (checksum(letters) !== 0)
    throw new DomainError('enrolment.code_malformed', { reason: 'one of its letters is mistyped' });
  return letters.toUpperCase();
}

/**
 * A polynomial over GF(32) at a generator of the field: one wrong letter, or two neighbours that changed places, always gives another value.
 * With the check letter behind it a code's own value is 0.
 */
function checksum(letters: string): number {
  let sum = 0;
  for (const letter of letters) sum = double(sum) ^ CROCKFORD.indexOf(letter);
  return sum;
}

/** Times x in GF(32), modulo x⁵ + x² + 1. */
function double(value: number): number {
  const doubled = value << 1;
  return doubled < 32 ? doubled : doubled ^ 0b100101;
}
