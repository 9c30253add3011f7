import type { Clock } from '#kit';
import { type AuditAction, DomainError, type Proof } from '#protocols';
import { record } from '../audit/record.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { type Account, accountActor, willAdminister } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { Authenticator } from './authenticator.ts';
import type { LinkService } from './link-service.ts';
import type { Notices } from './notices.ts';
import type { OneTimeLink } from './one-time-link.ts';
import type { PasswordChoice } from './password-choice.ts';
import type { SecondFactors } from './second-factors.ts';
import type { Session } from './session.ts';
import type { Device, NewSession, OpenedSession, SessionBook } from './session-book.ts';

export interface LoginServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly accounts: AccountDirectory;
  readonly notices: Notices;
  readonly factors: SecondFactors;
  readonly sessions: SessionBook;
  readonly authenticator: Authenticator;
  readonly links: LinkService;
  readonly passwords: PasswordChoice;
}

/** Getting in: by password, by passkey, by a link; and out again. */
export class LoginService {
  readonly #options: LoginServiceOptions;

  constructor(options: LoginServiceOptions) {
    this.#options = options;
  }

  /** Throws what `Authenticator.prove` throws. `name` is null with a passkey. */
  login(name: string | null, proof: Proof, device: Device): Promise<OpenedSession> {
    const request = { name: name?.trim().toLowerCase() ?? null, proof, device, again: null };
    const by = proof.passkey === undefined ? 'password' : 'passkey';
    return this.#options.authenticator.prove(request, async (tx, { account, secondFactor }) => {
      const wanted = { account: account.name, kind: 'browser', device, secondFactor } as const;
      return this.#open(tx, account, wanted, 'login.ok', { by, secondFactor });
    });
  }

  async logout(session: Session): Promise<void> {
    await this.#options.storage.transaction(async (tx) => {
      await this.#options.sessions.endOne(tx, session.account, session.id);
      await this.#record(tx, this.#options.accounts.get(session.account), session.address, 'logout', {});
    });
  }

  /** The person of a session proves once more who he is; the session gets another secret. Throws `login.failed`, `login.wait`. */
  confirm(session: Session, proof: Proof, device: Device): Promise<OpenedSession> {
    const request = { name: session.account, proof, device, again: session };
    return this.#options.authenticator.prove(request, async (tx, { account, secondFactor }) => {
      await this.#record(tx, account, device.address, 'session.confirm', { secondFactor });
      return this.#options.sessions.renew(tx, session, secondFactor);
    });
  }

  /** What a link is for. Throws `link.invalid`. */
  open(secret: string): Promise<{ link: OneTimeLink; account: Account }> {
    return this.#options.links.open(secret, ['invitation', 'reset', 'pairing']);
  }

  /** Chooses a password by an invitation or a reset, ends every session and opens one. Throws `link.invalid`, `password.*`. */
  async choosePassword(secret: string, password: string, device: Device): Promise<OpenedSession> {
    const { links, passwords, storage, sessions, factors, clock } = this.#options;
    const { link, account } = await links.open(secret, ['invitation', 'reset']);
    const passwordHash = await passwords.take(account, password);
    return storage.transaction(async (tx) => {
      await links.use(tx, link);
      const current = this.#options.accounts.get(account.name);
      if (current.deactivatedAt !== null) throw new DomainError('link.invalid');
      await sessions.endAll(tx, account.name);
      if (link.forgets) await factors.forget(tx, account.name);
      const at = Math.floor(clock.now());
      const notice = { at, kind: 'password_set', by: account.name } as const;
      const changed = await this.#options.notices.leave(tx, { ...current, passwordHash }, notice);
      const wanted = { account: account.name, kind: 'browser', device, secondFactor: false } as const;
      const { kind, createdBy } = link;
      return this.#open(tx, changed, wanted, 'password.set', { by: kind, linkBy: createdBy });
    });
  }

  /**
   * Logs a phone in by a QR code: a direct one at once, a clerk's after the person's own proof. A wrong proof leaves the link as it is. Throws
   * `link.invalid` and what `Authenticator.prove` throws.
   */
  async pair(secret: string, proof: Proof, device: Device): Promise<OpenedSession> {
    const { links, authenticator, storage, clock } = this.#options;
    const { link, account } = await links.open(secret, ['pairing']);
    const name = account.name;
    // He may have become one since it was shown.
    if (!link.direct && link.createdBy !== name && willAdminister(account, clock.now()))
      throw new DomainError('link.invalid');
    if (link.direct) return storage.transaction((tx) => this.#pairPhone(tx, link, device, false));
    return authenticator.prove({ name, proof, device, again: null }, (tx, { secondFactor }) =>
      this.#pairPhone(tx, link, device, secondFactor),
    );
  }

  async #pairPhone(
    tx: Transaction,
    link: OneTimeLink,
    device: Device,
    secondFactor: boolean,
  ): Promise<OpenedSession> {
    const { links, accounts, clock } = this.#options;
    await links.use(tx, link);
    const { account: name, createdBy: by, direct } = link;
    const account = accounts.get(name);
    if (account.deactivatedAt !== null) throw new DomainError('link.invalid');
    const at = Math.floor(clock.now());
    const told = await this.#options.notices.leave(tx, account, { at, kind: 'phone_paired', by });
    const pairing = { kind: 'phone', pairedBy: by, unproven: direct } as const;
    const wanted = { account: name, device, secondFactor, ...pairing };
    return this.#open(tx, told, wanted, 'phone.pair', { by, direct });
  }

  async #open(
    tx: Transaction,
    account: Account,
    wanted: NewSession,
    action: AuditAction,
    detail: object,
  ): Promise<OpenedSession> {
    const opened = await this.#options.sessions.open(tx, wanted);
    await this.#record(tx, account, wanted.device.address, action, { ...detail, session: opened.session.id });
    return opened;
  }

  #record(
    tx: Transaction,
    account: Account,
    address: string,
    action: AuditAction,
    detail: object,
  ): Promise<void> {
    const now = Math.floor(this.#options.clock.now());
    const actor = accountActor(account, now, address);
    return record(tx, now, actor, action, account.name, { ...detail, address });
  }
}
