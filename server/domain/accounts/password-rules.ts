import { DomainError } from '#protocols';

export const LEAST_CHARACTERS = 12;
export const MOST_CHARACTERS = 128;
/** What must be left of a password without the names that everybody knows. */
const LEAST_OWN = 6;

/** Whether a text is one of the passwords that are known from leaks. */
export type KnownPasswords = (text: string) => boolean;

/**
 * The rules of a new password (ASVS 5.0 V6.2): length, not known from leaks, not a name that everybody knows. No rule of
 * composition. `names`: of the person and of the places. Throws `password.too_short`, `password.too_long`, `password.common`, `password.personal`.
 */
export function checkPassword(password: string, names: readonly string[], known: KnownPasswords): void {
  const { length } = [...password.normalize('NFC')];
  if (length < LEAST_CHARACTERS) throw new DomainError('password.too_short', { least: LEAST_CHARACTERS });
  if (length > MOST_CHARACTERS) throw new DomainError('password.too_long', { most: MOST_CHARACTERS });
  const plain = plainLetters(password);
  const letters = plain.replace(/[^\p{L}\p{N}]/gu, '') || plain;
  const undated = letters.replace(/[0-9]{1,4}$/, '');
  // A common one with a year or signs added, or written twice, is as easy to guess. What is repeated must not be a letter or two.
  const unit = repeatedUnit(letters);
  if (unit.length < 3 || [plain, letters, undated, unit].some(known))
    throw new DomainError('password.common');
  let own = plain.replace(/[^a-z0-9]/g, '');
  const words = names.flatMap((name) => [name, ...name.split(/[\s._-]+/)]).map(bareLetters);
  for (const word of [...new Set(words)].filter((one) => one.length >= 2).sort((a, b) => b.length - a.length))
    own = own.replaceAll(word, '');
  const nameless = own.replace(/[0-9]{1,4}$/, '');
  if (nameless.length < LEAST_OWN && /[a-z]/.test(plain)) throw new DomainError('password.personal');
}

/** Lower case without accents: "Tân An" and "tan an" are one to who guesses. */
function plainLetters(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('đ', 'd');
}

function bareLetters(text: string): string {
  return plainLetters(text).replace(/[^a-z0-9]/g, '');
}

/** The shortest text that, written again and again, makes this one; the text itself when it repeats nothing. */
function repeatedUnit(text: string): string {
  const at = `${text}${text}`.indexOf(text, 1);
  return text.slice(0, at);
}
