import type { Clock } from '#kit';
import { DomainError, type PasskeyAssertion, type Proof } from '#protocols';
import { record } from '../audit/record.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import { type Account, accountActor, isAdministrator } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { KnownDevices } from './known-devices.ts';
import type { Attempt, LoginGuard } from './login-guard.ts';
import type { PasskeyVerifier, UsedPasskey } from './passkey-verifier.ts';
import type { PasswordHasher } from './password-hash.ts';
import type { SecondFactors } from './second-factors.ts';
import type { Session } from './session.ts';
import type { Device, SessionBook } from './session-book.ts';

export interface ProofRequest {
  /** Who the person says he is; null where the passkey says it. */
  readonly name: string | null;
  readonly proof: Proof;
  readonly device: Device;
  /** Null: enough to get in. Otherwise the session in which a person proves once more who he is, by whatever was sent. */
  readonly again: Session | null;
}

/** Who it is, and whether a code or a passkey says so. */
export interface Proven {
  readonly account: Account;
  readonly secondFactor: boolean;
}

/** One attempt: the passkey that was used, whether it is the person's, and how it is counted; undefined: not at all. */
interface Tried {
  readonly used: UsedPasskey | undefined;
  readonly passkeyFits: boolean;
  readonly attempt: Attempt | undefined;
}

export interface AuthenticatorOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly accounts: AccountDirectory;
  readonly factors: SecondFactors;
  readonly sessions: SessionBook;
  readonly hasher: PasswordHasher;
  readonly passkeys: PasskeyVerifier;
  readonly guard: LoginGuard;
  readonly devices: KnownDevices;
  readonly refusals: Pick<Refusals, 'noteLogin'>;
}

/**
 * Whether somebody is who he says. What is wrong (name, password, code, deactivated) is always answered with the same `login.failed`, in the
 * same time, and is in the audit log.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * Runs `then` for who proved it, in the transaction that also takes the code. Throws `login.failed`, `login.second_factor_needed`,
   * `login.wait`, `login.busy`, and what `then` throws.
   */
  async prove<Result>(
    request: ProofRequest,
    then: (tx: Transaction, proven: Proven) => Promise<Result>,
  ): Promise<Result> {
    const { proof, device, again } = request;
    if (proof.password === undefined && proof.passkey === undefined && proof.code === undefined)
      throw new DomainError('login.failed');
    const used = proof.passkey === undefined ? undefined : await this.#usePasskey(proof.passkey);
    const name = request.name ?? used?.account ?? null;
    const { guard } = this.#options;
    const passkeyFits = proof.passkey === undefined || (used !== undefined && used.account === name);
    // A signature cannot be guessed: where it alone is sent, only a wrong one is slowed down.
    const free =
      proof.password === undefined &&
      proof.code === undefined &&
      passkeyFits &&
      this.#active(name) !== undefined;
    const attempt = free ? undefined : this.#attemptOf(name, request);
    if (attempt !== undefined) guard.begin(attempt);
    const done = await this.#judged(name, request, { used, passkeyFits, attempt }, then).catch(
      (error: unknown) => {
        // Neither right nor wrong: it needs a code besides, or we could not do it now.
        if (attempt !== undefined) guard.withdraw(attempt);
        throw error;
      },
    );
    if (done === undefined) throw this.#failed(name, device, again);
    if (attempt !== undefined) this.#succeeded(attempt, done.proven.secondFactor);
    return done.value;
  }

  /**
   * Runs what asks a person who is in for a code of the app, slowed down like a login. `work` says whether it was right; a wrong one is recorded. Throws
   * `login.failed`, `login.wait`, and what `work` throws.
   */
  async slowly(session: Session, work: (tx: Transaction) => Promise<boolean>): Promise<void> {
    const { guard, storage } = this.#options;
    const { account: name, address } = session;
    const attempt: Attempt = { name, address, session: session.id };
    guard.begin(attempt);
    const right = await storage
      .transaction(async (tx) => {
        if (await work(tx)) return true;
        await this.#endSpent(tx, attempt);
        return false;
      })
      .catch((error: unknown) => {
        guard.withdraw(attempt);
        throw error;
      });
    if (!right) throw this.#failed(name, session, session);
    guard.succeeded(attempt);
  }

  /** Who it is, and what `then` made of it; undefined where something is wrong. */
  async #judged<Result>(
    name: string | null,
    request: ProofRequest,
    { used, passkeyFits, attempt }: Tried,
    then: (tx: Transaction, proven: Proven) => Promise<Result>,
  ): Promise<{ readonly proven: Proven; readonly value: Result } | undefined> {
    const { password } = request.proof;
    const fits = password === undefined || (await this.#fits(name, password));
    return this.#options.storage.transaction(async (tx) => {
      const proven = fits && passkeyFits ? await this.#judge(tx, name, request, used) : undefined;
      if (proven !== undefined) return { proven, value: await then(tx, proven) };
      if (attempt !== undefined) await this.#endSpent(tx, attempt);
      return undefined;
    });
  }

  #attemptOf(name: string | null, { device, again }: ProofRequest): Attempt {
    const { address, known } = device;
    return again === null
      ? { name, address, device: name === null ? undefined : this.#options.devices.idOf(known, name) }
      : { name: again.account, address, session: again.id };
  }

  /** In a session that a code was guessed in, the password takes none of these guesses back: whoever guesses may know it. */
  #succeeded(attempt: Attempt, secondFactor: boolean): void {
    const { guard, factors } = this.#options;
    const clears =
      attempt.session === undefined || secondFactor || factors.totp(attempt.name ?? '') === undefined;
    if (clears) guard.succeeded(attempt);
    else guard.withdraw(attempt);
  }

  /** Ends the session in which too much was wrong. */
  async #endSpent(tx: Transaction, attempt: Attempt): Promise<void> {
    const { guard, sessions, clock, accounts } = this.#options;
    const { name, address, session } = attempt;
    if (name === null || session === undefined || !guard.isSpent(attempt)) return;
    if (!(await sessions.endOne(tx, name, session))) return;
    const now = Math.floor(clock.now());
    const actor = accountActor(accounts.get(name), now, address);
    await record(tx, now, actor, 'session.end', name, { session, by: 'wrong_proofs', address });
  }

  /** With the right password or passkey: whether that is enough. Undefined when the code is wrong or the account is none. */
  async #judge(
    tx: Transaction,
    name: string | null,
    { proof, again }: ProofRequest,
    used: UsedPasskey | undefined,
  ): Promise<Proven | undefined> {
    const { factors, clock } = this.#options;
    const now = Math.floor(clock.now());
    const account = this.#active(name);
    if (account === undefined) return undefined;
    // A code is a second factor, never the first: who wants to get in says something else before, and a code alone is not used up.
    if (again === null && used === undefined && proof.password === undefined) return undefined;
    if (used !== undefined) {
      await factors.notePasskey(tx, used);
      return { account, secondFactor: true };
    }
    if (proof.code !== undefined && factors.totp(account.name) !== undefined) {
      if (!(await factors.takeCode(tx, account.name, proof.code, now))) return undefined;
      return { account, secondFactor: true };
    }
    // A code alone, where there is no app that made it.
    if (proof.password === undefined) return undefined;
    if (again === null) {
      const totp = factors.totp(account.name) !== undefined;
      const passkey = factors.passkeysOf(account.name).length > 0;
      if (totp || (passkey && isAdministrator(account, now)))
        throw new DomainError('login.second_factor_needed', { totp, passkey });
    }
    return { account, secondFactor: false };
  }

  #active(name: string | null): Account | undefined {
    const account = name === null ? undefined : this.#options.accounts.find(name);
    return account?.deactivatedAt === null ? account : undefined;
  }

  #fits(name: string | null, password: string): Promise<boolean> {
    return this.#options.hasher.verify(this.#active(name)?.passwordHash ?? null, password);
  }

  async #usePasskey(response: PasskeyAssertion): Promise<UsedPasskey | undefined> {
    const { factors, passkeys } = this.#options;
    const held = factors.passkey(response.id);
    return held === undefined ? undefined : passkeys.use(held, response);
  }

  /** What is answered; taken note of, with what was said of who it is. */
  #failed(name: string | null, { address, userAgent }: Device, again: Session | null): DomainError {
    const account = name === null ? undefined : this.#options.accounts.find(name);
    // A name that is none may be a password that was typed into the wrong field: it is not kept.
    const actor = account === undefined ? null : accountActor(account, this.#options.clock.now(), address);
    this.#options.refusals.noteLogin({ actor, address, userAgent, inside: again !== null });
    return new DomainError('login.failed');
  }
}
