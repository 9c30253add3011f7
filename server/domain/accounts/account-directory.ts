import { DomainError } from '#protocols';
import type { Account } from './account.ts';

/** Every account in memory. One process owns the database, so what it has committed is what there is. */
export class AccountDirectory {
  readonly #accounts = new Map<string, Account>();
  /** How many people are called so, however it is written. */
  readonly #called = new Map<string, number>();

  load(accounts: readonly Account[]): void {
    this.#accounts.clear();
    this.#called.clear();
    for (const account of accounts) this.put(account);
  }

  /** Takes in one account after its commit. */
  put(account: Account): void {
    const before = this.#accounts.get(account.name);
    if (before !== undefined) this.#count(before, -1);
    this.#count(account, 1);
    this.#accounts.set(account.name, account);
  }

  all(): Account[] {
    return [...this.#accounts.values()];
  }

  find(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  /**
   * What people call whose account this is: the name as it is now, with the login name behind it where another person is called the same
   * ("Nguyễn Văn An (an-2)"); whoever has no account, as it is written.
   */
  calledBy(name: string): string {
    const account = this.#accounts.get(name);
    if (account === undefined) return name;
    const { displayName } = account;
    return (this.#called.get(alike(displayName)) ?? 0) > 1 ? `${displayName} (${name})` : displayName;
  }

  /** One account. Throws `request.not_found`. */
  get(name: string): Account {
    const account = this.#accounts.get(name);
    if (account === undefined) throw new DomainError('request.not_found', { what: 'account', id: name });
    return account;
  }

  #count({ displayName }: Account, by: 1 | -1): void {
    const name = alike(displayName);
    this.#called.set(name, (this.#called.get(name) ?? 0) + by);
  }
}

/** Names that people read as one and the same. */
function alike(displayName: string): string {
  return displayName.normalize('NFC').trim().replace(/\s+/g, ' ').toLocaleLowerCase('vi');
}
