import type { KnownPasswords } from './password-rules.ts';

let list: Promise<ReadonlySet<string>> | undefined;

/** The 49,000 most used passwords of known leaks. Read when the first password is chosen: a controller at work never needs it. */
export async function knownPasswords(): Promise<KnownPasswords> {
  list ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  );
  const known = await list;
  return (text) => known.has(text);
}
