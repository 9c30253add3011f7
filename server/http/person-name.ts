import type { AccountDirectory } from '../domain/accounts/account-directory.ts';

/** What people call who stands in a record: the person's name as it is now; whoever has no account, as it is written. */
export type PersonName = (account: string) => string;

/** Where the login name does not stand beside it: who is called as somebody else has it behind the name. */
export function personName(directory: Pick<AccountDirectory, 'calledBy'>): PersonName {
  return (account) => directory.calledBy(account);
}

/** Where the login name stands beside it. */
export function bareName(directory: Pick<AccountDirectory, 'find'>): PersonName {
  return (account) => directory.find(account)?.displayName ?? account;
}
