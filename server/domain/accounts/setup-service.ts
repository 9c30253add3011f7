import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '#kit';
import { DomainError, type SetupRequest } from '#protocols';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { record } from '../audit/record.ts';
import type { SetupGuard } from '../setup/setup-guard.ts';
import type { Storage } from '../unit-of-work.ts';
import { type Account, accountActor } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { isReserved } from './account-rules.ts';
import type { PasswordChoice } from './password-choice.ts';
import { hashSecret, newSecret } from './secrets.ts';
import type { Device, OpenedSession, SessionBook } from './session-book.ts';

export interface SetupServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly accounts: AccountDirectory;
  readonly areas: Pick<AreaDirectory, 'tree'>;
  readonly passwords: PasswordChoice;
  readonly sessions: SessionBook;
  readonly publicUrl: string;
  readonly isMachine: (name: string) => boolean;
}

/**
 * The first administrator. While there is no account, each start makes a secret that only the terminal is told; who has it makes the first
 * account, or puts a backup back, once. There is no default password.
 */
export class SetupService implements SetupGuard {
  readonly #options: SetupServiceOptions;
  #secretHash: string | null = null;

  constructor(options: SetupServiceOptions) {
    this.#options = options;
  }

  get needed(): boolean {
    return this.#options.accounts.all().length === 0;
  }

  /** A new link for the terminal, where it is needed; the one before holds no more. Null: there are accounts. */
  link(): string | null {
    if (!this.needed) return null;
    const secret = newSecret();
    this.#secretHash = hashSecret(secret);
    return `${this.#options.publicUrl}/setup#${secret}`;
  }

  /** The administrator of every root, logged in. Throws `setup.done`, `link.invalid`, `password.*`, `account.name_taken`. */
  async finish(wanted: SetupRequest, device: Device): Promise<OpenedSession> {
    const { storage, clock, accounts, areas, passwords, sessions, isMachine } = this.#options;
    const { tree } = areas;
    this.check(wanted.secret);
    const { name } = wanted;
    if (isReserved(name) || isMachine(name)) throw new DomainError('account.name_taken', { name });
    const displayName = wanted.displayName.trim();
    const roots = [...tree.ids()].filter((id) => tree.get(id).parentId === null);
    const grants = [{ role: 'administrator' as const, areas: roots, from: null, until: null }];
    const passwordHash = await passwords.take({ name, displayName, grants }, wanted.password);
    const now = Math.floor(clock.now());
    const account: Account = {
      ...{ name, displayName, grants, passwordHash, email: null, notices: [] },
      ...{ createdAt: now, createdBy: 'setup', deactivatedAt: null },
    };
    return storage.transaction(async (tx) => {
      this.check(wanted.secret);
      await tx.accounts.insert(account);
      const actor = accountActor(account, now, device.address);
      await record(tx, now, actor, 'account.setup', name, { displayName, grants, address: device.address });
      tx.afterCommit(() => {
        accounts.put(account);
        this.#secretHash = null;
      });
      return sessions.open(tx, { account: name, kind: 'browser', device, secondFactor: false });
    });
  }

  /** Throws `setup.done`, `link.invalid`. */
  check(secret: string): void {
    if (!this.needed) throw new DomainError('setup.done');
    const given = Buffer.from(hashSecret(secret));
    if (this.#secretHash === null || !timingSafeEqual(given, Buffer.from(this.#secretHash)))
      throw new DomainError('link.invalid');
  }
}
