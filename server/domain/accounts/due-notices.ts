import type { Clock } from '#kit';
import type { AreaTree } from '../areas/area.ts';
import type { Transaction } from '../unit-of-work.ts';
import { accountActor, withNotice } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { isAllowed } from './actor.ts';

/** Leaves a notice with the people whose approval is waited for: who was not there when it was told finds it at the own account. */
export class DueNotices {
  readonly #accounts: AccountDirectory;
  readonly #clock: Clock;

  constructor(options: { readonly accounts: AccountDirectory; readonly clock: Clock }) {
    this.#accounts = options.accounts;
    this.#clock = options.clock;
  }

  /** One for each person who may approve in one of these areas now; it takes the place of the last of its kind. */
  async leave(tx: Transaction, areaIds: readonly string[], tree: AreaTree): Promise<void> {
    const now = Math.floor(this.#clock.now());
    for (const account of this.#accounts.all()) {
      const actor = accountActor(account, now, '');
      if (!areaIds.some((id) => isAllowed(actor, 'announcement:approve', id, tree))) continue;
      const told = withNotice(account, { at: now, kind: 'approval_due', by: 'controller' });
      await tx.accounts.update(told);
      tx.afterCommit(() => this.#accounts.put(told));
    }
  }
}
