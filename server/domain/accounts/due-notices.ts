import type { Clock } from '#kit';
import type { AreaTree } from '../areas/area.ts';
import type { Transaction } from '../unit-of-work.ts';
import { accountActor } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { isAllowed } from './actor.ts';
import type { DueItem } from './notice-mail.ts';
import type { Notices } from './notices.ts';

/** Something that airs and lacks an approval, and the areas whose people are told. */
export interface DueFor extends DueItem {
  readonly concerns: ReadonlySet<string>;
}

export interface DueNoticesOptions {
  readonly accounts: AccountDirectory;
  readonly notices: Notices;
  readonly clock: Clock;
  /** Origin at which people open the console. */
  readonly publicUrl: string;
}

/** Tells the people whose approval is waited for: who was not there when it was told finds it at the own account, and in the mail. */
export class DueNotices {
  readonly #options: DueNoticesOptions;

  constructor(options: DueNoticesOptions) {
    this.#options = options;
  }

  /** One for each person who may approve something of it now, naming that; it takes the place of the last of its kind. `due`: by start. */
  async leave(tx: Transaction, due: readonly DueFor[], tree: AreaTree): Promise<void> {
    const { accounts, notices, clock, publicUrl } = this.#options;
    const now = Math.floor(clock.now());
    const concerned = [...new Set(due.flatMap(({ concerns }) => [...concerns]))];
    for (const account of accounts.all()) {
      const actor = accountActor(account, now, '');
      const own = new Set(concerned.filter((id) => isAllowed(actor, 'announcement:approve', id, tree)));
      const items = due.filter(({ concerns }) => [...concerns].some((id) => own.has(id)));
      if (items.length === 0) continue;
      await notices.leave(tx, account, { at: now, kind: 'approval_due', by: 'controller', items, publicUrl });
    }
  }
}
