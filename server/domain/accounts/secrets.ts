import { createHash, randomBytes } from 'node:crypto';

/** A new secret for a cookie or a link: 256 random bits in base64url (43 characters). */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a secret: so many random bits need no slow hash. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
