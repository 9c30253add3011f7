import { DomainError } from '#protocols';
import type { Account } from './account.ts';

/** Every account in memory. One process owns the database, so what it has committed is what there is. */
export class AccountDirectory {
  readonly #accounts = new Map<string, Account>();

  load(accounts: readonly Account[]): void {
    this.#accounts.clear();
    for (const account of accounts) this.put(account);
  }

  /** Takes in one account after its commit. */
  put(account: Account): void {
    this.#accounts.set(account.name, account);
  }

  all(): Account[] {
    return [...this.#accounts.values()];
  }

  find(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  /** One account. Throws `request.not_found`. */
  get(name: string): Account {
    const account = this.#accounts.get(name);
    if (account === undefined) throw new DomainError('request.not_found', { what: 'account', id: name });
    return account;
  }
}
