import type { Instant } from '#kit';
import type { Transaction } from '../unit-of-work.ts';
import { type Account, isAdministrator } from './account.ts';
import type { Passkey } from './passkey.ts';
import type { SecretSealer } from './secret-sealer.ts';
import type { Session } from './session.ts';
import { newTotpSecret, type Totp, takeCode } from './totp.ts';

/** What a session may be used for. Anything but `open` lets a person look after the own account alone. */
export type SessionState = 'open' | 'set_up_second_factor' | 'confirm_second_factor';

/** Everybody's authenticator apps and passkeys, in memory; changed after the commit of what changes them. */
export class SecondFactors {
  readonly #sealer: SecretSealer;
  readonly #totps = new Map<string, Totp>();
  readonly #passkeys = new Map<string, Passkey>();

  constructor(sealer: SecretSealer) {
    this.#sealer = sealer;
  }

  /**
   * From the database, where the secrets of apps lie sealed. Gives back those that an earlier version left readable, to be saved again, and
   * the accounts whose secret no key opens: their codes fit no more, their recovery codes do.
   */
  load(
    totps: readonly Totp[],
    passkeys: readonly Passkey[],
  ): { readonly readable: readonly Totp[]; readonly lost: readonly string[] } {
    this.#totps.clear();
    this.#passkeys.clear();
    const lost: string[] = [];
    for (const totp of totps) {
      const { account, secret } = totp;
      const opened = this.#sealer.isSealed(secret) ? this.#sealer.open(account, secret) : secret;
      if (opened === undefined) lost.push(account);
      // A secret that nobody knows: anything that could be guessed would let people in.
      this.#totps.set(account, { ...totp, secret: opened ?? newTotpSecret() });
    }
    for (const passkey of passkeys) this.#passkeys.set(passkey.id, passkey);
    return { readable: totps.filter(({ secret }) => !this.#sealer.isSealed(secret)), lost };
  }

  /** Also one that was not confirmed yet. */
  pendingTotp(account: string): Totp | undefined {
    return this.#totps.get(account);
  }

  /** The app that proved that it has the secret. */
  totp(account: string): Totp | undefined {
    const totp = this.#totps.get(account);
    return totp?.confirmedAt == null ? undefined : totp;
  }

  passkey(id: string): Passkey | undefined {
    return this.#passkeys.get(id);
  }

  /** Those of an account, the oldest first. */
  passkeysOf(account: string): Passkey[] {
    return [...this.#passkeys.values()].filter((passkey) => passkey.account === account);
  }

  has(account: string): boolean {
    return this.totp(account) !== undefined || this.passkeysOf(account).length > 0;
  }

  /**
   * Administrators need a second factor in each session. Who has an app and got in without its code (by a reset) needs it too; a phone that
   * was paired is something the person holds already.
   */
  stateOf(session: Session, account: Account, now: Instant): SessionState {
    if (session.secondFactor) return 'open';
    if (isAdministrator(account, now))
      return this.has(account.name) ? 'confirm_second_factor' : 'set_up_second_factor';
    return session.kind === 'browser' && this.totp(account.name) !== undefined
      ? 'confirm_second_factor'
      : 'open';
  }

  /** Takes a code of the account's app or a recovery code; false when it is wrong or was taken before. */
  async takeCode(tx: Transaction, account: string, code: string, now: Instant): Promise<boolean> {
    const totp = this.totp(account);
    const taken = totp === undefined ? undefined : takeCode(totp, code, now);
    if (taken === undefined) return false;
    await this.saveTotp(tx, taken);
    return true;
  }

  async saveTotp(tx: Transaction, totp: Totp): Promise<void> {
    await tx.totps.save({ ...totp, secret: this.#sealer.seal(totp.account, totp.secret) });
    tx.afterCommit(() => void this.#totps.set(totp.account, totp));
  }

  async removeTotp(tx: Transaction, account: string): Promise<void> {
    await tx.totps.remove(account);
    tx.afterCommit(() => void this.#totps.delete(account));
  }

  async addPasskey(tx: Transaction, passkey: Passkey): Promise<void> {
    await tx.passkeys.insert(passkey);
    tx.afterCommit(() => void this.#passkeys.set(passkey.id, passkey));
  }

  async notePasskey(tx: Transaction, passkey: Passkey): Promise<void> {
    await tx.passkeys.update(passkey);
    tx.afterCommit(() => void this.#passkeys.set(passkey.id, passkey));
  }

  async removePasskeys(tx: Transaction, ids: readonly string[]): Promise<void> {
    await tx.passkeys.remove(ids);
    tx.afterCommit(() => {
      for (const id of ids) this.#passkeys.delete(id);
    });
  }

  /** Both kinds: they were lost. */
  async forget(tx: Transaction, account: string): Promise<void> {
    await this.removeTotp(tx, account);
    await this.removePasskeys(
      tx,
      this.passkeysOf(account).map(({ id }) => id),
    );
  }
}
