import type { AccountDirectory } from '../domain/accounts/account-directory.ts';

/** What people call who stands in a record: the person's name as it is now; whoever has no account, as it is written. */
export type PersonName = (account: string) => string;

export function personName(directory: Pick<AccountDirectory, 'find'>): PersonName {
  return (account) => directory.find(account)?.displayName ?? account;
}
