import type { Milliseconds } from '#kit';
import type { AreaTree } from '../areas/area.ts';
import type { MailQueue, MailText } from '../mail/mail-queue.ts';
import type { Transaction } from '../unit-of-work.ts';
import { type Account, type Notice, withNotice } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { type AccountNotice, accountMail } from './notice-mail.ts';

/** Later than this nobody wants to read by mail what happened to the account: it stands on the own page. */
const WORTH_MS: Milliseconds = 24 * 3_600_000;

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
   * Leaves a notice with an account, which is saved as it is given here. `alsoTo`: an address that is not the account's any more, and hears of it
   * once more.
   */
  async leave(
    tx: Transaction,
    account: Account,
    notice: AccountNotice,
    alsoTo: string | null = null,
  ): Promise<Account> {
    const told = await this.#save(tx, account, notice);
    const text = () => accountMail(account, notice, this.#options.areas.tree);
    for (const to of new Set([account.email, alsoTo]))
      if (to !== null) await this.#options.mails?.add(tx, account.name, to, text(), notice.at + WORTH_MS);
    return told;
  }

  /** The same with words of its own, which are worth reading until an instant. */
  async leaveWith(
    tx: Transaction,
    account: Account,
    notice: Notice,
    text: MailText,
    until: number,
  ): Promise<void> {
    await this.#save(tx, account, notice);
    if (account.email !== null) await this.#options.mails?.add(tx, account.name, account.email, text, until);
  }

  async #save(tx: Transaction, account: Account, notice: Notice): Promise<Account> {
    const told = withNotice(account, notice);
    await tx.accounts.update(told);
    tx.afterCommit(() => this.#options.accounts.put(told));
    return told;
  }
}
