import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/** An Ed25519 key pair and its name. The private half never leaves the machine that made it. */
export interface SigningKey {
  readonly kid: string;
  /** Raw public key, 32 bytes in base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** A key's name: `k` and 126 bits of the SHA-256 of its raw public bytes. */
export function keyId(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('base64url');
  return `k${digest.slice(0, 21)}`;
}

const FINGERPRINT_DIGITS = 30;

/**
 * A key as people compare it, on paper and by telephone: six groups of five digits, some 100 bits of the SHA-256 of its raw public bytes.
 * No letters, so that nobody takes it for a passphrase.
 */
export function keyFingerprint(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
  const digits = (BigInt(`0x${digest}`) % 10n ** BigInt(FINGERPRINT_DIGITS)).toString();
  return (digits.padStart(FINGERPRINT_DIGITS, '0').match(/\d{5}/g) ?? []).join(' ');
}

/** Makes a new Ed25519 key. */
export function generateSigningKey(): SigningKey {
  return signingKeyFrom(generateKeyPairSync('ed25519').privateKey);
}

/** Reads a key back from the text that `exportSigningKey` gave. */
export function importSigningKey(pem: string): SigningKey {
  return signingKeyFrom(createPrivateKey(pem));
}

/** PKCS #8 in PEM: a secret; keep it in a file of mode 0600. */
export function exportSigningKey(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A verifying key from its raw 32 bytes in base64url. Throws when they are no point's encoding. */
export function verifyingKey(publicKey: string): KeyObject {
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKey } });
}

function signingKeyFrom(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x;
  if (publicKey === undefined) throw new TypeError('expected an Ed25519 private key');
  return { kid: keyId(publicKey), publicKey, privateKey };
}
