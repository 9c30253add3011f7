import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock, Milliseconds } from '#kit';
import { DomainError, type PasskeyAssertion, type PasskeyAttestation } from '#protocols';
import type { Account } from './account.ts';
import type { Passkey } from './passkey.ts';
import { hashSecret } from './secrets.ts';

const CHALLENGE_MS: Milliseconds = 5 * 60_000;
const MOST_CHALLENGES = 5_000;
const NAME = 'Loa Làng';
/** EdDSA, ES256, RS256: what phones, computers and security keys make. */
const ALGORITHMS = [-8, -7, -257];

/** A passkey that signed our challenge, with its counter moved on. */
export type UsedPasskey = Passkey;

interface Challenge {
  /** The account that registers; null: somebody who logs in. */
  readonly account: string | null;
  readonly until: Milliseconds;
}

/**
 * WebAuthn level 3, with this controller as the relying party: its name is the host of the public address. A passkey always asks for the
 * person's finger, face or PIN, so that it is two factors by itself. Attestation is not asked for: nobody here keeps lists of makers.
 */
export class PasskeyVerifier {
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #challenges = new Map<string, Challenge>();

  constructor(options: { readonly clock: Clock; readonly publicUrl: string }) {
    this.#clock = options.clock;
    this.#url = new URL(options.publicUrl);
  }

  /** Whether browsers take passkeys at this address: a name, with https or on this machine. */
  get available(): boolean {
    const { protocol, hostname } = this.#url;
    if (hostname === 'localhost') return true;
    return protocol === 'https:' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  }

  /** Throws `passkey.unavailable`. */
  async registrationOptions(account: Account, held: readonly Passkey[]): Promise<object> {
    const { generateRegistrationOptions } = await this.#library();
    return generateRegistrationOptions({
      rpName: NAME,
      rpID: this.#url.hostname,
      userName: account.name,
      userDisplayName: account.displayName,
      userID: Uint8Array.from(Buffer.from(hashSecret(`loa-account/${account.name}`), 'hex')),
      challenge: this.#challenge(account.name),
      attestationType: 'none',
      excludeCredentials: held.map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
  }

  /** The new passkey. Throws `passkey.refused`, `passkey.unavailable`. */
  async register(account: string, name: string, response: PasskeyAttestation): Promise<Passkey> {
    const { verifyRegistrationResponse } = await this.#library();
    const verified = await verifyRegistrationResponse({
      response: response as Parameters<typeof verifyRegistrationResponse>[0]['response'],
      expectedChallenge: (challenge) => this.#take(challenge, account),
      expectedOrigin: this.#url.origin,
      expectedRPID: this.#url.hostname,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch((error: unknown) => {
      throw new DomainError('passkey.refused', { reason: reasonOf(error) }, { cause: error });
    });
    if (!verified.verified) throw new DomainError('passkey.refused', { reason: 'it does not verify' });
    const { credential } = verified.registrationInfo;
    return {
      id: credential.id,
      ...{ account, name },
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: credential.transports ?? [],
      createdAt: Math.floor(this.#clock.now()),
      lastUsedAt: null,
    };
  }

  /** Throws `passkey.unavailable`. */
  async assertionOptions(): Promise<object> {
    const { generateAuthenticationOptions } = await this.#library();
    return generateAuthenticationOptions({
      rpID: this.#url.hostname,
      challenge: this.#challenge(null),
      userVerification: 'required',
    });
  }

  /** The passkey as it is after this use; undefined when it did not sign what it should have. */
  async use(passkey: Passkey, response: PasskeyAssertion): Promise<UsedPasskey | undefined> {
    const { verifyAuthenticationResponse } = await this.#library();
    const verified = await verifyAuthenticationResponse({
      response: response as Parameters<typeof verifyAuthenticationResponse>[0]['response'],
      expectedChallenge: (challenge) => this.#take(challenge, null),
      expectedOrigin: this.#url.origin,
      expectedRPID: this.#url.hostname,
      requireUserVerification: true,
      credential: {
        id: passkey.id,
        publicKey: Uint8Array.from(Buffer.from(passkey.publicKey, 'base64url')),
        counter: passkey.counter,
      },
    }).catch(() => undefined);
    if (verified?.verified !== true) return undefined;
    const { newCounter } = verified.authenticationInfo;
    return { ...passkey, counter: newCounter, lastUsedAt: Math.floor(this.#clock.now()) };
  }

  /** Reads the library, where passkeys can be used: 0.4 s of the event loop that the first person should not wait for, nor an order. */
  async preload(): Promise<void> {
    if (this.available) await this.#library();
  }

  /** Read once it is needed: without passkeys it costs the start nothing. */
  async #library() {
    if (!this.available) throw new DomainError('passkey.unavailable', { url: this.#url.origin });
    return import('@simplewebauthn/server');
  }

  #challenge(account: string | null): Uint8Array<ArrayBuffer> {
    const bytes = Uint8Array.from(randomBytes(32));
    const until = this.#clock.monotonic() + CHALLENGE_MS;
    this.#challenges.set(Buffer.from(bytes).toString('base64url'), { account, until });
    for (const key of this.#challenges.keys()) {
      if (this.#challenges.size <= MOST_CHALLENGES) break;
      this.#challenges.delete(key);
    }
    return bytes;
  }

  /** Whether the challenge is one of ours for this, and not used yet. */
  #take(challenge: string, account: string | null): boolean {
    const found = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return found !== undefined && found.account === account && this.#clock.monotonic() < found.until;
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}
