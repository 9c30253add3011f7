import type { AreaTree } from '../areas/area.ts';
import type { MailQueue } from '../mail/mail-queue.ts';
import type { Transaction } from '../unit-of-work.ts';
import { type Account, withNotice } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { type AccountNotice, type DueNotice, mailOf } from './notice-mail.ts';

export interface NoticesOptions {
  readonly accounts: AccountDirectory;
  readonly areas: { readonly tree: AreaTree };
  /** Null: this controller sends no mail. */
  readonly mails: MailQueue | null;
}

/** Tells people what they should know: on the own account's page, and by mail whoever has an address. */
export class Notices {
  readonly #options: NoticesOptions;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  /**
   * Leaves a notice with an account, which is saved as it is given here, and mails it. `alsoTo`: an address that is not the account's any more, and
   * hears of it once more.
   */
  async leave(
    tx: Transaction,
    account: Account,
    notice: AccountNotice | DueNotice,
    alsoTo: string | null = null,
  ): Promise<Account> {
    const { accounts, areas, mails } = this.#options;
    const { at, kind, by } = notice;
    const told = withNotice(account, { at, kind, by });
    await tx.accounts.update(told);
    tx.afterCommit(() => accounts.put(told));
    const to = [...new Set([account.email, alsoTo])].filter((one) => one !== null);
    if (mails === null || to.length === 0) return told;
    const { text, until } = mailOf(account, notice, areas.tree, accounts.calledBy(by));
    for (const one of to) await mails.add(tx, account.name, one, text, until);
    return told;
  }
}
