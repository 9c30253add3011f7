import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Instant } from '#kit';
import { hashSecret } from './secrets.ts';

/** The shared secret of a person's authenticator app (RFC 6238) and what goes with it. */
export interface Totp {
  readonly account: string;
  /** Base 32. */
  readonly secret: string;
  /** Null until a code proved that the app has it: before that it protects nothing. */
  readonly confirmedAt: Instant | null;
  /** Time step of the last code that was taken. */
  readonly lastStep: number;
  /** SHA-256 of the recovery codes that were not used. */
  readonly recoveryCodes: readonly string[];
}

/** `secret` is sealed here: see `SecretSealer`. */
export interface TotpStore {
  all(): Promise<Totp[]>;
  save(totp: Totp): Promise<void>;
  remove(account: string): Promise<void>;
}

const PERIOD_S = 30;
const RECOVERY_CODES = 10;
/** 120 bits: so many need no slow hash (ASVS 5.0, 6.5.2, asks for 112). */
const RECOVERY_LETTERS = 24;
/** Crockford's base 32: characters that are not misread. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** What an authenticator app reads from the QR code. */
export function totpUri(account: string, secret: string): string {
  return generator(secret, account).toString();
}

/**
 * The record after a code was taken, or undefined when it is wrong. A code counts from one step before to one after (RFC 6238 §5.2),
 * and none twice; a recovery code counts once.
 */
export function takeCode(totp: Totp, code: string, now: Instant): Totp | undefined {
  const plain = code.replace(/[\s-]/g, '').toLowerCase();
  if (/^\d{6}$/.test(plain)) {
    const delta = generator(totp.secret, totp.account).validate({ token: plain, timestamp: now, window: 1 });
    if (delta === null) return undefined;
    const step = Math.floor(now / 1000 / PERIOD_S) + delta;
    return step > totp.lastStep ? { ...totp, lastStep: step } : undefined;
  }
  const hash = hashSecret(plain);
  if (!totp.recoveryCodes.includes(hash)) return undefined;
  return { ...totp, recoveryCodes: totp.recoveryCodes.filter((one) => one !== hash) };
}

/** New recovery codes, for the paper, and their hashes, for the database. */
export function newRecoveryCodes(): { readonly codes: string[]; readonly hashes: string[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, () =>
    [...randomBytes(RECOVERY_LETTERS)].map((byte) => ALPHABET[byte % 32]).join(''),
  );
  return { codes: codes.map((code) => code.replace(/(.{4})(?=.)/g, '$1-')), hashes: codes.map(hashSecret) };
}

function generator(secret: string, account: string): TOTP {
  return new TOTP({
    issuer: 'Loa Làng',
    label: account,
    secret: Secret.fromBase32(secret),
    period: PERIOD_S,
  });
}
