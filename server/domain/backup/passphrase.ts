import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U, so that print and handwriting leave no doubt. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 6;
const GROUP_LENGTH = 4;

/** A new passphrase of 120 random bits, as it is printed: "7K3M-…", six groups of four, typed on any keyboard. */
export function newPassphrase(): string {
  const letters = Array.from(randomBytes(GROUPS * GROUP_LENGTH), (byte) => ALPHABET[byte % 32] ?? '0');
  return grouped(letters.join(''));
}

/** What somebody typed, as it was printed: case, spaces and look-alikes do not matter. Another text stays as it is. */
export function printedPassphrase(typed: string): string {
  const plain = typed
    .toUpperCase()
    .replace(/[\s–—-]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  const ours = plain.length === GROUPS * GROUP_LENGTH && [...plain].every((one) => ALPHABET.includes(one));
  return ours ? grouped(plain) : typed.trim();
}

function grouped(letters: string): string {
  return Array.from({ length: GROUPS }, (_, at) =>
    letters.slice(at * GROUP_LENGTH, (at + 1) * GROUP_LENGTH),
  ).join('-');
}
