import { expect, it } from 'vitest';
import { knownPasswords } from '../../../server/domain/accounts/known-passwords.ts';
import { checkPassword } from '../../../server/domain/accounts/password-rules.ts';

const NAMES = ['chu-tich', 'Nguyễn Văn Đức', 'Tân An', 'Đồng Nai', 'loa làng'];

async function codeOf(password: string): Promise<string | undefined> {
  try {
    checkPassword(password, NAMES, await knownPasswords());
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

it.each([
  ['mười một ch', 'password.too_short'],
  ['🐃🐃🐃🐃🐃🐃🐃🐃🐃🐃🐃', 'password.too_short'],
  ['a'.repeat(129), 'password.too_long'],
  ['aaaaaaaaaaaaa', 'password.common'],
  ['1234567890123', 'password.common'],
  ['QWERTYuiop2026', 'password.common'],
  ['football football ', 'password.common'],
  ['xãTânAn@dongnai2026', 'password.personal'],
  ['nguyenvanduc2026', 'password.personal'],
  ['chu-tich-tan-an-1', 'password.personal'],
])('%s is %s', async (password, code) => {
  expect(await codeOf(password)).toBe(code);
});

it.each([
  'mười hai con vịt bơi',
  'bacba conga bet',
  '839204718365',
  'ạạạ bò kéo xe lên dốc',
  'ế ông thợ rèn gõ búa'.normalize('NFD'),
  'ស្អាតណាស់ភូមិ',
])('%s is taken: no rule of composition', async (password) => {
  expect(await codeOf(password)).toBeUndefined();
});

it('knows more than ten thousand passwords of leaks', async () => {
  const known = await knownPasswords();
  expect(['123456', 'password', 'iloveyou', 'anhyeuem'].map(known)).toEqual([true, true, true, true]);
  expect(known('mười hai con vịt bơi')).toBe(false);
});
