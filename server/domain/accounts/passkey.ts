import type { Instant } from '#kit';

/** A public key whose private part a device of the person holds (WebAuthn). */
export interface Passkey {
  /** The credential's id, base64url. */
  readonly id: string;
  readonly account: string;
  readonly name: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | null;
}

export interface PasskeyStore {
  all(): Promise<Passkey[]>;
  insert(passkey: Passkey): Promise<void>;
  /** Notes a use. */
  update(passkey: Passkey): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}
