import type { Clock } from '#kit';
import { type AuditAction, DomainError, type PasskeyAttestation, sha256 } from '#protocols';
import { record } from '../audit/record.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { type Account, accountActor, emailChange } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { Authenticator } from './authenticator.ts';
import type { AccountNotice } from './notice-mail.ts';
import type { Notices } from './notices.ts';
import type { Passkey } from './passkey.ts';
import type { PasskeyVerifier } from './passkey-verifier.ts';
import type { PasswordChoice } from './password-choice.ts';
import type { SecondFactors } from './second-factors.ts';
import { FRESH_MS, type Session } from './session.ts';
import type { Device, OpenedSession, SessionBook } from './session-book.ts';
import { newRecoveryCodes, newTotpSecret, takeCode, totpUri } from './totp.ts';

export interface OwnAccountServiceOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly accounts: AccountDirectory;
  readonly notices: Notices;
  readonly factors: SecondFactors;
  readonly sessions: SessionBook;
  readonly passkeys: PasskeyVerifier;
  readonly passwords: PasswordChoice;
  readonly authenticator: Authenticator;
}

const MOST_PASSKEYS = 20;

/** What people do with their own account, whatever their role. */
export class OwnAccountService {
  readonly #options: OwnAccountServiceOptions;

  constructor(options: OwnAccountServiceOptions) {
    this.#options = options;
  }

  /** Another password; every other session ends, and this one gets another secret. Throws `login.failed`, `password.*`. */
  async changePassword(
    session: Session,
    current: string,
    password: string,
    device: Device,
  ): Promise<OpenedSession> {
    const { accounts, authenticator, passwords, sessions } = this.#options;
    const passwordHash = await passwords.take(accounts.get(session.account), password);
    const request = { name: session.account, proof: { password: current }, device, again: session };
    return authenticator.prove(request, async (tx, { account }) => {
      await sessions.endAll(tx, account.name, session.id);
      await this.#note(tx, { ...account, passwordHash }, session, 'password_set', 'password.change');
      return sessions.renew(tx, session, false);
    });
  }

  /** Ends one of the person's sessions. Throws `request.not_found`. */
  async endSession(session: Session, id: string): Promise<void> {
    await this.#options.storage.transaction(async (tx) => {
      if (!(await this.#options.sessions.endOne(tx, session.account, id)))
        throw new DomainError('request.not_found', { what: 'session', id });
      await this.#record(tx, session, 'session.end', { session: id });
    });
  }

  /** Ends every other session of the person: how many. */
  endOthers(session: Session): Promise<number> {
    return this.#options.storage.transaction(async (tx) => {
      const ended = await this.#options.sessions.endAll(tx, session.account, session.id);
      // Nothing happened: nobody fills the log by asking for it.
      if (ended > 0) await this.#record(tx, session, 'session.end_others', { ended });
      return ended;
    });
  }

  /** Where notices are mailed to; null: nowhere. The address of before hears of it, too. Throws `session.stale`. */
  async changeEmail(session: Session, email: string | null): Promise<void> {
    this.#fresh(session);
    await this.#options.storage.transaction(async (tx) => {
      const account = this.#options.accounts.get(session.account);
      const change = emailChange(account.email, email);
      if (change === undefined) return;
      const changed = { ...account, email };
      await this.#note(
        tx,
        changed,
        session,
        'email_changed',
        'email.change',
        { email: change },
        account.email,
      );
    });
  }

  /** A secret for an authenticator app; it protects nothing until a code confirmed it. Throws `session.stale`, `request.conflict`. */
  async beginTotp(session: Session): Promise<{ readonly secret: string; readonly uri: string }> {
    this.#fresh(session);
    const { account } = session;
    const secret = newTotpSecret();
    await this.#options.storage.transaction(async (tx) => {
      if (this.#options.factors.totp(account) !== undefined)
        throw new DomainError('request.conflict', {
          ...{
            what: 'authenticator app of',
            id: account,
            state: 'set up',
            expected: 'none: remove it first',
          },
        });
      await this.#options.factors.saveTotp(tx, {
        ...{ account, secret, confirmedAt: null, lastStep: 0, recoveryCodes: [] },
      });
      await this.#record(tx, session, 'totp.begin', {});
    });
    return { secret, uri: totpUri(account, secret) };
  }

  /** The first code: from now on the app is a second factor. The recovery codes are shown this once. Throws `login.failed`, `session.stale`. */
  async confirmTotp(session: Session, code: string): Promise<string[]> {
    this.#fresh(session);
    const { authenticator, factors, sessions, clock } = this.#options;
    const { codes, hashes } = newRecoveryCodes();
    await authenticator.slowly(session, async (tx) => {
      const pending = factors.pendingTotp(session.account);
      if (pending === undefined || pending.confirmedAt !== null)
        throw new DomainError('request.not_found', {
          what: 'authenticator app to confirm',
          id: session.account,
        });
      const now = Math.floor(clock.now());
      const taken = takeCode(pending, code, now);
      if (taken === undefined) return false;
      await factors.saveTotp(tx, { ...taken, confirmedAt: now, recoveryCodes: hashes });
      await this.#noteChange(tx, session, 'totp.set_up');
      await sessions.raise(tx, session);
      return true;
    });
    return codes;
  }

  /** Ends the app; a code of it (or a recovery code) is asked for. An administrator without another second factor has to set one up again. */
  async removeTotp(session: Session, code: string): Promise<void> {
    const { authenticator, factors, sessions, clock } = this.#options;
    await authenticator.slowly(session, async (tx) => {
      if (!(await factors.takeCode(tx, session.account, code, clock.now()))) return false;
      await factors.removeTotp(tx, session.account);
      if (factors.passkeysOf(session.account).length === 0)
        await sessions.forgetSecondFactor(tx, session.account);
      await this.#noteChange(tx, session, 'totp.remove');
      return true;
    });
  }

  /** New recovery codes instead of the old ones. Throws `login.failed`. */
  async newRecoveryCodes(session: Session, code: string): Promise<string[]> {
    const { authenticator, factors, clock } = this.#options;
    const { codes, hashes } = newRecoveryCodes();
    await authenticator.slowly(session, async (tx) => {
      const totp = factors.totp(session.account);
      const taken = totp === undefined ? undefined : takeCode(totp, code, clock.now());
      if (taken === undefined) return false;
      await factors.saveTotp(tx, { ...taken, recoveryCodes: hashes });
      await this.#noteChange(tx, session, 'totp.recovery_codes');
      return true;
    });
    return codes;
  }

  /** Throws `session.stale`, `passkey.unavailable`, `request.conflict`. */
  async passkeyOptions(session: Session): Promise<object> {
    this.#fresh(session);
    const { accounts, factors, passkeys } = this.#options;
    const held = factors.passkeysOf(session.account);
    if (held.length >= MOST_PASSKEYS)
      throw new DomainError('request.conflict', {
        ...{ what: 'account', id: session.account, state: `holding ${held.length} passkeys` },
        expected: 'fewer: remove one',
      });
    return passkeys.registrationOptions(accounts.get(session.account), held);
  }

  /** Throws `session.stale`, `passkey.refused`. */
  async addPasskey(session: Session, name: string, response: PasskeyAttestation): Promise<Passkey> {
    this.#fresh(session);
    const { factors, passkeys, sessions, storage } = this.#options;
    const passkey = await passkeys.register(session.account, name.trim(), response);
    await storage.transaction(async (tx) => {
      if (factors.passkey(passkey.id) !== undefined)
        throw new DomainError('passkey.refused', { reason: 'it is registered already' });
      await factors.addPasskey(tx, passkey);
      await this.#noteChange(tx, session, 'passkey.add', { passkey: passkeyId(passkey), name });
      await sessions.raise(tx, session);
    });
    return passkey;
  }

  /** Throws `session.stale`, `request.not_found`. */
  async removePasskey(session: Session, id: string): Promise<void> {
    this.#fresh(session);
    const { factors, sessions, storage } = this.#options;
    const { account } = session;
    await storage.transaction(async (tx) => {
      const found = factors.passkeysOf(account).find((passkey) => passkeyId(passkey) === id);
      if (found === undefined) throw new DomainError('request.not_found', { what: 'passkey', id });
      await factors.removePasskeys(tx, [found.id]);
      if (factors.passkeysOf(account).length === 1 && factors.totp(account) === undefined)
        await sessions.forgetSecondFactor(tx, account);
      await this.#noteChange(tx, session, 'passkey.remove', { passkey: id, name: found.name });
    });
  }

  /** Second factors and the mail address are not changed on a screen that was left alone, nor by who got around the one that there is. */
  #fresh(session: Session): void {
    const { accounts, clock, factors } = this.#options;
    const now = clock.now();
    if (factors.stateOf(session, accounts.get(session.account), now) === 'confirm_second_factor')
      throw new DomainError('account.second_factor_required');
    if (now - session.authenticatedAt >= FRESH_MS) throw new DomainError('session.stale');
  }

  #noteChange(tx: Transaction, session: Session, action: AuditAction, detail: object = {}): Promise<void> {
    const account = this.#options.accounts.get(session.account);
    return this.#note(tx, account, session, 'second_factor_changed', action, detail);
  }

  async #note(
    tx: Transaction,
    account: Account,
    session: Session,
    kind: AccountNotice['kind'],
    action: AuditAction,
    detail: object = {},
    alsoTo: string | null = null,
  ): Promise<void> {
    const at = Math.floor(this.#options.clock.now());
    await this.#options.notices.leave(tx, account, { at, kind, by: account.name }, alsoTo);
    await this.#record(tx, session, action, detail);
  }

  #record(tx: Transaction, session: Session, action: AuditAction, detail: object): Promise<void> {
    const now = Math.floor(this.#options.clock.now());
    const actor = accountActor(this.#options.accounts.get(session.account), now, session.address);
    return record(tx, now, actor, action, session.account, { ...detail, address: session.address });
  }
}

/** What a passkey is called in addresses: a credential's own id may have a thousand letters. */
export function passkeyId({ id }: Passkey): string {
  return sha256(id).slice(0, 32);
}
